//! The SQL of the tables of the embedded store, but for what follows from the declared [parts](crate::parts).

/// Tables, and the schema with which they came. Steps are only ever added, never changed: files out there have had
/// them. A new one comes with the schema that follows from it.
pub(super) const STEPS: &[(u32, &str)] =
    &[(1, CREATE_ACCOUNTS_AND_CHARACTERS), (2, CREATE_SERVERS_AND_SESSIONS), (3, CREATE_OWN_SETTINGS)];

const CREATE_ACCOUNTS_AND_CHARACTERS: &str = "
CREATE TABLE accounts (
    user_id       INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice
    username      TEXT    NOT NULL,                  -- as typed
    name_key      TEXT    NOT NULL UNIQUE,           -- username in lower case
    password_hash TEXT    NOT NULL,                  -- argon2id, PHC string
    email         TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,                  -- Unix seconds
    race          INTEGER NOT NULL,                  -- 1 human, 2 elf, 3 drow, 4 gnome, 5 dwarf
    gender        INTEGER NOT NULL,                  -- 1 male, 2 female
    class         INTEGER NOT NULL,                  -- 1..12, 1 is mage
    head          INTEGER NOT NULL,
    home          INTEGER NOT NULL,                  -- city, 1..6
    is_gm         INTEGER NOT NULL DEFAULT 0         -- 1: game master
) STRICT;

CREATE TABLE positions (
    user_id INTEGER PRIMARY KEY REFERENCES accounts (user_id) ON DELETE CASCADE,
    map     INTEGER NOT NULL,
    x       INTEGER NOT NULL,                        -- 1..100
    y       INTEGER NOT NULL,                        -- 1..100
    heading INTEGER NOT NULL                         -- 1 north, 2 east, 3 south, 4 west
) STRICT;

CREATE TABLE attributes (
    user_id      INTEGER PRIMARY KEY REFERENCES accounts (user_id) ON DELETE CASCADE,
    strength     INTEGER NOT NULL,
    agility      INTEGER NOT NULL,
    intelligence INTEGER NOT NULL,
    charisma     INTEGER NOT NULL,
    constitution INTEGER NOT NULL
) STRICT;

CREATE TABLE stats (
    user_id               INTEGER PRIMARY KEY REFERENCES accounts (user_id) ON DELETE CASCADE,
    max_hp                INTEGER NOT NULL,
    hp                    INTEGER NOT NULL,          -- 0 is dead
    max_mana              INTEGER NOT NULL,
    mana                  INTEGER NOT NULL,
    max_stamina           INTEGER NOT NULL,
    stamina               INTEGER NOT NULL,
    min_hit               INTEGER NOT NULL,
    max_hit               INTEGER NOT NULL,
    gold                  INTEGER NOT NULL,          -- carried
    level                 INTEGER NOT NULL,          -- from 1
    experience            INTEGER NOT NULL,          -- in this level
    experience_to_next    INTEGER NOT NULL,
    water                 INTEGER NOT NULL,          -- 0..100, 0 is thirsty
    food                  INTEGER NOT NULL,          -- 0..100, 0 is hungry
    free_skill_points     INTEGER NOT NULL,
    assigned_skill_points INTEGER NOT NULL,          -- 0..10
    citizens_killed       INTEGER NOT NULL,
    criminals_killed      INTEGER NOT NULL,
    users_killed          INTEGER NOT NULL,
    npcs_killed           INTEGER NOT NULL,
    jail_minutes          INTEGER NOT NULL           -- left to sit
) STRICT;

CREATE TABLE reputation (                            -- each 0..6000000
    user_id   INTEGER PRIMARY KEY REFERENCES accounts (user_id) ON DELETE CASCADE,
    assassin  INTEGER NOT NULL,
    bandit    INTEGER NOT NULL,
    bourgeois INTEGER NOT NULL,
    thief     INTEGER NOT NULL,
    noble     INTEGER NOT NULL,
    plebeian  INTEGER NOT NULL
) STRICT;

CREATE TABLE descriptions (
    user_id     INTEGER PRIMARY KEY REFERENCES accounts (user_id) ON DELETE CASCADE,
    description TEXT    NOT NULL                     -- what players say of their characters
) STRICT;

CREATE TABLE skills (
    user_id    INTEGER NOT NULL REFERENCES accounts (user_id) ON DELETE CASCADE,
    skill      INTEGER NOT NULL,                     -- 1..20, the protocol's order
    level      INTEGER NOT NULL,                     -- 0..100
    experience INTEGER NOT NULL,                     -- towards the next point
    PRIMARY KEY (user_id, skill)
) STRICT, WITHOUT ROWID;

CREATE TABLE inventory (                             -- slots in use
    user_id  INTEGER NOT NULL REFERENCES accounts (user_id) ON DELETE CASCADE,
    slot     INTEGER NOT NULL,                       -- 1..25
    object   INTEGER NOT NULL,
    amount   INTEGER NOT NULL,                       -- 1..10000
    equipped INTEGER NOT NULL,                       -- 1: worn or wielded
    PRIMARY KEY (user_id, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE spells (                                -- slots in use
    user_id INTEGER NOT NULL REFERENCES accounts (user_id) ON DELETE CASCADE,
    slot    INTEGER NOT NULL,                        -- 1..35
    spell   INTEGER NOT NULL,
    PRIMARY KEY (user_id, slot)
) STRICT, WITHOUT ROWID;
";

const CREATE_SERVERS_AND_SESSIONS: &str = "
CREATE TABLE store_facts (                           -- store_id: name of this store; epoch: number of the last run
    name  TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (                              -- live settings that are set
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE servers (
    server        TEXT PRIMARY KEY,
    epoch         INTEGER NOT NULL,                  -- number of its run
    lease_ends_ms INTEGER NOT NULL,                  -- Unix milliseconds; alive before that
    connections   INTEGER NOT NULL,
    status        TEXT    NOT NULL                   -- last heartbeat, JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    user_id         INTEGER PRIMARY KEY,
    username        TEXT    NOT NULL,
    level           INTEGER NOT NULL,
    class           TEXT    NOT NULL,
    location_id     INTEGER NOT NULL,                -- map
    hp              INTEGER NOT NULL,
    last_seen       INTEGER NOT NULL,                -- Unix seconds
    disconnected_at INTEGER,                         -- Unix seconds; null while connected
    expires_at      INTEGER,                         -- Unix seconds; null while connected
    server          TEXT    NOT NULL,
    epoch           INTEGER NOT NULL
) STRICT;

CREATE TABLE owners (                                -- which run had a character last
    user_id INTEGER PRIMARY KEY,
    server  TEXT    NOT NULL,
    epoch   INTEGER NOT NULL
) STRICT;

CREATE TABLE taken (                                 -- characters that another run took from this one
    server  TEXT    NOT NULL,
    epoch   INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    PRIMARY KEY (server, epoch, user_id)
) STRICT, WITHOUT ROWID;
";

const CREATE_OWN_SETTINGS: &str = "
CREATE TABLE own_settings (                          -- live settings that one server has of its own
    server TEXT NOT NULL,
    name   TEXT NOT NULL,
    value  TEXT NOT NULL,
    PRIMARY KEY (server, name)
) STRICT, WITHOUT ROWID;
";
