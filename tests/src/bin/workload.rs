//! `workload`: does one of [`pyao_tests::workload`] once, for `scripts/instructions.sh` to count its instructions.
//!
//! Without a name it lists all of them, each with its repeats.

use anyhow::{Context, Result};
use pyao_tests::workload::{WORKLOADS, Workload};

fn main() -> Result<()> {
    let Some(name) = std::env::args().nth(1) else {
        WORKLOADS.iter().for_each(|workload| println!("{workload} {}", workload.repeats));
        return Ok(());
    };
    let workload = Workload::named(&name).with_context(|| format!("there is no workload {name}"))?;
    let mut run = workload.prepare();
    // The first run brings lists to the length they keep.
    run();
    counted_run(&mut run);
    Ok(())
}

/// Does one run. Callgrind counts the instructions of this function, and finds it by its name.
#[inline(never)]
fn counted_run(run: &mut dyn FnMut()) {
    run();
}
