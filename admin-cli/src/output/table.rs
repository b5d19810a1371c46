//! Tables and records for eyes, fitted to the terminal.

use super::Style;
use super::reply::{Cell, Record, Table};

/// Blanks between columns.
const GAP: usize = 2;
/// No column is made narrower than this.
const NARROWEST: usize = 6;
/// On a terminal of fewer columns than this whole columns of the table are left out before others are cut.
const NARROW: usize = 80;
/// As much of a column tells what is in it.
const READABLE: usize = 20;

/// Writes a table with its header, each line within the width as far as columns can be left out or shrink.
pub fn table(table: &Table, style: &Style) -> String {
    let Fitted { shown, mut widths, cells } = fit(table, style);
    // The first column names the row, for the next command to repeat: it stays whole.
    if let [first, others @ ..] = &mut widths[..] {
        shrink(others, style.width.saturating_sub(*first + GAP));
    }
    let is_number = |index: usize| table.rows.iter().any(|row| row.get(index).is_some_and(Cell::is_number));
    let at_right: Vec<bool> = shown.iter().map(|index| is_number(*index)).collect();
    let mut text = String::new();
    if style.headers {
        let titles: Vec<String> = shown.iter().map(|index| table.columns[*index].title.to_owned()).collect();
        let header = line(&titles, &widths, &at_right);
        text += &if style.color { format!("\u{1b}[1m{header}\u{1b}[0m\n") } else { header + "\n" };
    }
    for row in &cells {
        text += &(line(row, &widths, &at_right) + "\n");
    }
    text
}

/// Titles of the columns that [`table`] leaves out.
pub fn left_out(table: &Table, style: &Style) -> Vec<&'static str> {
    let shown = fit(table, style).shown;
    let columns = table.columns.iter().enumerate().filter(|(index, _)| !shown.contains(index));
    columns.map(|(_, column)| column.title).collect()
}

/// The part of a table that is shown.
struct Fitted {
    /// Columns, by their places in the table.
    shown: Vec<usize>,
    /// Width of each of them.
    widths: Vec<usize>,
    /// Their cells, a row each.
    cells: Vec<Vec<String>>,
}

/// Leaves out columns, those of the least use first, until the others can be read on a narrow terminal.
fn fit(table: &Table, style: &Style) -> Fitted {
    let mut shown: Vec<usize> = (0..table.columns.len()).collect();
    let mut cells: Vec<Vec<String>> =
        table.rows.iter().map(|row| row.iter().map(|cell| cell.for_people(style.now)).collect()).collect();
    let mut widths: Vec<usize> = table.columns.iter().map(|column| length(column.title)).collect();
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(length(cell));
        }
    }
    while style.width < NARROW && readable(&widths) > style.width {
        let columns = shown.iter().map(|index| table.columns[*index].dropped).enumerate();
        let Some((place, 1..)) = columns.max_by_key(|(_, dropped)| *dropped) else { break };
        shown.remove(place);
        widths.remove(place);
        cells.iter_mut().for_each(|row| drop(row.remove(place)));
    }
    Fitted { shown, widths, cells }
}

/// Returns the width of a line whose columns are cut no further than they can be read; the first is not cut at all.
fn readable(widths: &[usize]) -> usize {
    let cut = |(place, width): (usize, &usize)| if place == 0 { *width } else { (*width).min(READABLE) };
    widths.iter().enumerate().map(cut).sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

/// Writes a field a line, values one under the other.
pub fn record(record: &Record, style: &Style) -> String {
    let width = record.fields.iter().map(|(name, _)| length(name)).max().unwrap_or(0);
    let line = |name: &str, cell: &Cell| format!("{name:width$}  {}\n", cell.for_people(style.now));
    record.fields.iter().map(|(name, cell)| line(name, cell)).collect()
}

/// Takes from the widest column until all fit.
fn shrink(widths: &mut [usize], available: usize) {
    loop {
        let total: usize = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
        let Some(widest) = widths.iter_mut().max() else { return };
        if total <= available || *widest <= NARROWEST {
            return;
        }
        *widest -= 1;
    }
}

fn line(cells: &[String], widths: &[usize], at_right: &[bool]) -> String {
    let gap = " ".repeat(GAP);
    let padded: Vec<String> = cells
        .iter()
        .zip(widths)
        .zip(at_right)
        .map(|((cell, width), at_right)| {
            let cell = cut(cell, *width);
            let blanks = " ".repeat(width - length(&cell));
            if *at_right { blanks + &cell } else { cell + &blanks }
        })
        .collect();
    padded.join(&gap).trim_end().to_owned()
}

/// Cuts a text that is too long.
fn cut(text: &str, width: usize) -> String {
    if length(text) <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::reply::{Column, column};
    use super::*;

    const COLUMNS: &[Column] = &[column("ID", "id"), column("NAME", "name"), column("SEEN", "seen")];

    fn sample(name: &str) -> Table {
        Table {
            name: "things",
            columns: COLUMNS,
            rows: vec![
                vec![Cell::Number(7), Cell::text(name), Cell::Moment(40)],
                vec![Cell::Number(12), Cell::text("Bob"), Cell::None],
            ],
            fields: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn style(width: usize) -> Style {
        Style { format: Format::Table, headers: true, color: false, width, verbose: false, now: 100 }
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_numbers_stand_right() {
        assert_eq!(
            table(&sample("Ñandú"), &style(80)),
            "ID  NAME   SEEN\n 7  Ñandú  1 min ago\n12  Bob    -\n"
        );
    }

    #[test]
    fn what_is_too_wide_for_the_terminal_is_cut() {
        let text = table(&sample("a very long name indeed"), &style(24));
        assert_eq!(text, "ID  NAME       SEEN\n 7  a very l…  1 min ago\n12  Bob        -\n");
        assert!(text.lines().all(|line| line.chars().count() <= 24), "{text}");
    }

    #[test]
    fn the_first_column_names_the_row_and_is_never_cut() {
        let mut table_of_names = sample("a value that is long too");
        table_of_names.rows[0][0] = Cell::text("limits.connections_per_ip");
        let text = table(&table_of_names, &style(30));
        assert!(text.contains("limits.connections_per_ip  a val…"), "{text}");
    }

    #[test]
    fn a_terminal_too_narrow_for_everything_still_gets_the_table() {
        let text = table(&sample("a very long name indeed"), &style(5));
        assert!(text.contains("a ver…"), "{text}");
    }

    #[test]
    fn a_narrow_terminal_gets_fewer_columns_those_of_the_least_use_left_out_first() {
        const RANKED: &[Column] =
            &[column("ID", "id"), column("NAME", "name").dropped(1), column("SEEN", "seen").dropped(2)];
        let ranked = Table { columns: RANKED, ..sample("a very long name indeed") };
        let narrow = |width| (table(&ranked, &style(width)), left_out(&ranked, &style(width)));
        let (text, out) = narrow(40);
        assert!(out.is_empty() && text.contains("1 min ago"), "{text}");
        assert_eq!(narrow(30), ("ID  NAME\n 7  a very long name indeed\n12  Bob\n".into(), vec!["SEEN"]));
        assert_eq!(narrow(10), ("ID\n 7\n12\n".into(), vec!["NAME", "SEEN"]));
        let wide =
            Table { rows: vec![vec![Cell::Number(7), Cell::text("x".repeat(90)), Cell::None]], ..ranked };
        assert!(left_out(&wide, &style(80)).is_empty(), "at 80 columns they are cut");
    }

    #[test]
    fn headers_may_be_left_out_or_coloured() {
        let bare = Style { headers: false, ..style(80) };
        assert!(table(&sample("x"), &bare).starts_with(" 7"));
        let bold = Style { color: true, ..style(80) };
        assert!(table(&sample("x"), &bold).starts_with("\u{1b}[1mID"));
    }

    #[test]
    fn a_record_lines_its_values_up() {
        let fields = vec![("id", Cell::Number(7)), ("last_seen", Cell::Moment(40))];
        assert_eq!(record(&Record { fields }, &style(80)), "id         7\nlast_seen  1 min ago\n");
    }
}
