//! Tests of declared records: defaults, ranges and changes.

use super::*;
use crate::records::PositionRecord;

fn read_position(x: i64) -> Result<PositionRecord, BadField> {
    PositionRecord::read(|field| Ok(Some(StoredValue::Number(if field.name == "x" { x } else { 1 }))))
}

#[test]
fn numbers_at_the_ends_of_their_range_are_read() {
    assert_eq!(read_position(1).unwrap().x, 1);
    assert_eq!(read_position(100).unwrap().x, 100);
}

#[test]
fn a_number_outside_its_range_names_its_field() {
    for x in [i64::MIN, -1, 0, 101, 256 + 50, i64::MAX] {
        let message = read_position(x).unwrap_err().to_string();
        assert_eq!(message, format!("x is {x}, outside 1..=100"));
    }
}

#[test]
fn what_is_written_is_read_by_name() {
    let position = PositionRecord { map: MapId::new(34), x: 50, y: 60, heading: 2 };
    let values = position.values();
    let read = PositionRecord::read::<BadField>(|field| {
        let place = PositionRecord::FIELDS.iter().position(|each| each == field).unwrap();
        Ok(Some(values[place].clone()))
    });
    assert_eq!(read.unwrap(), position);
}

crate::fields! {
    /// A record to which fields were added.
    #[derive(Debug, PartialEq)]
    pub struct Grown {
        /// There from the beginning.
        level: u8,
        /// Added later.
        deaths: u32 in 0..=1_000 = 7,
        /// Added later.
        is_noble: bool = 1,
        /// Added later.
        motto: String = "none",
    }
}

fn read_grown(stored: &[(&str, &'static str)]) -> Result<Grown, BadField> {
    Grown::read(|field| {
        let found = stored.iter().find(|(name, _)| *name == field.name);
        found.map(|(_, text)| field.parse(text)).transpose()
    })
}

#[test]
fn a_field_that_was_added_has_its_default_in_older_records() {
    let grown = Grown { level: 9, deaths: 7, is_noble: true, motto: "none".into() };
    assert_eq!(read_grown(&[("level", "9")]), Ok(grown));
    let grown = Grown { level: 9, deaths: 8, is_noble: false, motto: "Ñ".into() };
    let all = [("level", "9"), ("deaths", "8"), ("is_noble", "0"), ("motto", "Ñ")];
    assert_eq!(read_grown(&all), Ok(grown));
    let added = Grown::FIELDS.iter().filter(|field| field.is_added()).map(|field| field.name);
    assert_eq!(added.collect::<Vec<_>>(), ["deaths", "is_noble", "motto"]);
    assert_eq!(Grown::blank(), Grown { level: 0, deaths: 7, is_noble: true, motto: "none".into() });
    assert_eq!(PositionRecord::blank(), PositionRecord { map: MapId::NONE, x: 1, y: 1, heading: 1 });
}

#[test]
fn what_is_damaged_is_not_taken_for_a_default() {
    let message = |stored: &[_]| read_grown(stored).unwrap_err().to_string();
    assert_eq!(message(&[]), "it has no field level");
    assert_eq!(message(&[("level", "9"), ("deaths", "")]), "deaths is \"\", no whole number");
    assert_eq!(message(&[("level", "9"), ("deaths", "1001")]), "deaths is 1001, outside 0..=1000");
    assert_eq!(message(&[("level", "9"), ("is_noble", "2")]), "is_noble is 2, outside 0..=1");
}

#[test]
fn a_change_is_the_fields_that_differ_and_leaves_the_others_alone() {
    let seen = Grown::blank();
    let wanted = Grown { deaths: 8, motto: "Ñ".into(), ..Grown::blank() };
    let changed: Vec<_> = wanted.changed_since(&seen).into_iter().map(|(field, _)| field.name).collect();
    assert_eq!(changed, ["deaths", "motto"]);
    let stored = Grown { level: 9, deaths: 1, is_noble: false, motto: "old".into() };
    let expected = Grown { level: 9, deaths: 8, is_noble: false, motto: "Ñ".into() };
    assert_eq!(stored.with_changes(&seen, &wanted), Ok(expected));
    assert_eq!(stored.with_changes(&seen, &seen).as_ref(), Ok(&stored));
}
