//! Times of the server's common work: `cargo bench -p pyao-tests`.
//!
//! Times depend on the machine and on its other work: compare those of one run. Costs that must not grow unnoticed are
//! counted in instructions instead, by `scripts/instructions.sh`.

use divan::Bencher;
use divan::counter::ItemsCount;
use pyao_core::content::Content;
use pyao_tests::workload::{self, WORKLOADS, Workload};

fn main() {
    divan::main();
}

/// Times a workload. One iteration is one run; items are its repeats, for instance steps.
#[divan::bench(args = WORKLOADS)]
fn workloads(bencher: Bencher<'_, '_>, workload: &Workload) {
    let mut run = workload.prepare();
    bencher.counter(ItemsCount::new(workload.repeats)).bench_local(&mut run);
}

/// Times the start of the full world, from its files to NPCs that stand in it.
#[divan::bench(sample_count = 10)]
#[expect(clippy::expect_used, reason = "without its data there is nothing to measure")]
fn start_up_with_the_full_world(bencher: Bencher<'_, '_>) {
    let Some(data) = pyao_tests::ao_data() else {
        println!("skipped: ../shared/ao-data is not there");
        return;
    };
    bencher.bench_local(|| {
        let (content, _) = Content::load(&data).expect("the data loads");
        workload::start(content);
    });
}
