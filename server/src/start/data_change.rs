//! Other data under stored characters.
//!
//! The store keeps which maps its characters were saved on. A start with others looks where every character stands: one
//! whose map is missing, or whose tile cannot be stood on, would be put elsewhere at its next login. A forgotten
//! `--data` would do so to nearly everybody, so such a start needs the operator's word.

use pyao_core::content::Content;
use pyao_store::records::{MapsRecord, PositionRecord};
use pyao_store::{Store, StoreError};

/// The permission of a start to move characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataChange {
    /// Not without the operator's word.
    Refuse,
    /// The operator has given it.
    Accept,
}

/// Characters that stand where nobody can stand in the data of this start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "these {maps} maps are not the {before}: {displaced} of {characters} characters would be moved, {lost} because \
     their map is not there; start with the data they were saved on (--data DIR), or once with --accept-data-change",
    before = before(*.known),
    displaced = lost + blocked
)]
pub struct Displaced {
    /// Maps of this start.
    maps: u32,
    /// Maps of the store, if it says.
    known: Option<u32>,
    /// Characters in the store.
    characters: u64,
    /// Characters on maps that are not there.
    lost: u64,
    /// Characters on tiles where nobody can stand.
    blocked: u64,
}

fn before(known: Option<u32>) -> String {
    match known {
        Some(count) => format!("{count} that characters were saved on"),
        None => "ones that characters were saved on".to_owned(),
    }
}

/// Looks whether `content` has the maps that the store's characters were saved on. Returns the
/// record of the maps that the store lacks, to be written once the server starts.
///
/// # Errors
/// [`Displaced`] when characters would be moved and `data_change` does not allow it, or the store's own error.
pub(super) fn check(
    store: &mut dyn Store,
    content: &Content,
    data_change: DataChange,
) -> Result<Option<MapsRecord>, super::StartError> {
    let count = u32::try_from(content.maps().count()).unwrap_or(u32::MAX);
    let maps = MapsRecord { count, fingerprint: content.maps_fingerprint() };
    let known = store.maps()?;
    if known == Some(maps) {
        return Ok(None);
    }
    let displaced = count_displaced(store, content, maps, known)?;
    if displaced.lost + displaced.blocked > 0 {
        match data_change {
            DataChange::Refuse => return Err(displaced.into()),
            DataChange::Accept => log::warn!(
                "other maps, as accepted: {} of {} characters are put elsewhere when they log in; the store keeps \
                 where they stood until they take a step",
                displaced.lost + displaced.blocked,
                displaced.characters
            ),
        }
    }
    Ok(Some(maps))
}

fn count_displaced(
    store: &mut dyn Store,
    content: &Content,
    maps: MapsRecord,
    known: Option<MapsRecord>,
) -> Result<Displaced, StoreError> {
    let known = known.map(|known| known.count);
    let mut displaced = Displaced { maps: maps.count, known, characters: 0, lost: 0, blocked: 0 };
    store.visit_positions(&mut |position: PositionRecord| {
        displaced.characters += 1;
        match content.map(position.map) {
            None => displaced.lost += 1,
            Some(map) => displaced.blocked += u64::from(!map.walkable(position.x, position.y)),
        }
    })?;
    Ok(displaced)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pyao_core::base::ids::MapId;
    use pyao_store::prelude::*;
    use pyao_store::sqlite::SqliteStore;
    use pyao_store::testing::{sample_account, sample_character};

    /// Makes a store with a character on each of `places`: map, x, y.
    fn store(folder: &tempfile::TempDir, places: &[(u16, u8, u8)]) -> SqliteStore {
        let mut store = SqliteStore::open(&folder.path().join("pyao.db")).unwrap();
        for (number, (map, x, y)) in places.iter().enumerate() {
            let mut character = sample_character();
            character.position = PositionRecord { map: MapId::new(*map), x: *x, y: *y, heading: 3 };
            store.create_account(&sample_account(&format!("Ana {number}")), &character).unwrap();
        }
        store
    }

    /// A tile of the first map where somebody can stand.
    const FREE: (u16, u8, u8) = (1, 58, 45);

    #[test]
    fn characters_that_would_be_moved_are_counted_and_the_start_refused_until_it_is_accepted() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(&folder, &[FREE, (150, 50, 50), (150, 51, 50), (1, 1, 1)]);
        let content = Content::starter();
        let error = check(&mut store, &content, DataChange::Refuse).unwrap_err().to_string();
        assert!(
            error.contains("3 of 4 characters would be moved, 2 because their map is not there"),
            "{error}"
        );
        assert!(error.contains("--accept-data-change") && !error.contains('\n'), "{error}");
        assert_eq!(store.maps().unwrap(), None, "a refused start tells the store nothing");
        let maps = check(&mut store, &content, DataChange::Accept).unwrap().unwrap();
        store.set_maps(&maps).unwrap();
        assert_eq!(check(&mut store, &content, DataChange::Refuse).unwrap(), None, "known from now on");
    }

    #[test]
    fn other_maps_that_move_nobody_need_no_word() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(&folder, &[FREE]);
        store.set_maps(&MapsRecord { count: 290, fingerprint: 7 }).unwrap();
        let maps = check(&mut store, &Content::starter(), DataChange::Refuse).unwrap().unwrap();
        assert_eq!(maps.count, 5);
    }

    #[test]
    fn the_refusal_says_how_many_maps_there_were() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(&folder, &[(150, 50, 50)]);
        store.set_maps(&MapsRecord { count: 290, fingerprint: 7 }).unwrap();
        let error = check(&mut store, &Content::starter(), DataChange::Refuse).unwrap_err().to_string();
        assert!(
            error.starts_with("these 5 maps are not the 290 that characters were saved on: 1 of 1"),
            "{error}"
        );
    }
}
