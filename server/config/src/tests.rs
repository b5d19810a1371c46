use super::*;

fn environment(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Loads with a configuration file of that text.
fn load_text(text: &str, flags: Flags, variables: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    std::fs::write(&path, text).unwrap();
    load(&flags, &environment(variables), &path)
}

/// Returns the faults of a configuration file of that text, as `line:column: message`.
fn faults_of(text: &str) -> Vec<String> {
    match load_text(text, Flags::default(), &[]) {
        Err(ConfigError::Faults(faults)) => faults
            .into_iter()
            .map(|fault| match fault.at {
                Source::File { line, column, .. } => format!("{line}:{column}: {}", fault.message),
                other => panic!("{other} is not the file"),
            })
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_anything_every_value_is_its_default() {
    let loaded = load(&Flags::default(), &BTreeMap::new(), Path::new("/nonexistent/config.toml")).unwrap();
    assert_eq!(loaded.config, Config::default());
    assert_eq!(loaded.file, None);
    for setting in SETTINGS {
        assert_eq!(loaded.sources.of(setting.key), Source::Default, "{}", setting.key);
    }
}

#[test]
fn flags_win_over_the_environment_that_over_the_file_that_over_the_default() {
    let file = "[server]\nport = 1001\nhost = \"10.0.0.1\"\nmax_connections = 5\n";
    let variables = [("PYAO_PORT", "1002"), ("PYAO_HOST", "10.0.0.2")];
    let flags = Flags { port: Some("1003".to_owned()), ..Flags::default() };
    let loaded = load_text(file, flags, &variables).unwrap();
    assert_eq!(loaded.config.server.port, 1003);
    assert_eq!(loaded.sources.of("server.port"), Source::Flag("--port"));
    assert_eq!(loaded.config.server.host, "10.0.0.2");
    assert_eq!(loaded.sources.of("server.host"), Source::Environment("PYAO_HOST".to_owned()));
    assert_eq!(loaded.config.server.max_connections, 5);
    assert!(matches!(loaded.sources.of("server.max_connections"), Source::File { line: 4, column: 19, .. }));
    assert_eq!(loaded.sources.of("limits.idle_minutes"), Source::Default);
}

#[test]
fn every_setting_can_be_set_by_its_variable_and_by_the_file() {
    for setting in SETTINGS {
        let text = match setting.allowed().as_str() {
            "address:port or empty" => "1.2.3.4:5".to_owned(),
            "true or false" => "false".to_owned(),
            "auto, latin1, utf8 or ascii" => "ascii".to_owned(),
            "map:x:y, separated by commas" => "1:50:50,2:10:20".to_owned(),
            range if range.contains("..") => {
                let (least, most) = range.split_once("..").unwrap();
                let is_default = setting.text(&Config::default()) == most;
                if is_default { least } else { most }.to_owned()
            }
            _ => "somewhere".to_owned(),
        };
        let variable = setting.variable();
        let loaded =
            load(&Flags::default(), &environment(&[(&variable, &text)]), Path::new("/nonexistent")).unwrap();
        assert_ne!(loaded.config, Config::default(), "{variable}");
        assert_eq!(loaded.sources.of(setting.key), Source::Environment(variable));

        let (section, key) = (setting.section(), setting.name());
        let shown = setting.show(&loaded.config);
        let from_file = load_text(&format!("[{section}]\n{key} = {shown}\n"), Flags::default(), &[]).unwrap();
        assert_eq!(from_file.config, loaded.config, "{}", setting.key);
    }
}

#[test]
fn wrong_values_in_the_file_are_named_with_line_and_column() {
    let text = "[server]\nport = 70000\nhost = 5\n\n[limits]\nidle_minutes = \"many\"\n";
    assert_eq!(
        faults_of(text),
        [
            "2:8: server.port: expected a whole number from 0 to 65535, found 70000",
            "3:8: server.host: expected a text, found 5",
            "6:16: limits.idle_minutes: expected a whole number from 0 to 10080, found \"many\"",
        ]
    );
}

#[test]
fn values_of_odd_types_and_sizes_are_faults() {
    let faults = faults_of(
        "[server]\nport = 99999999999999999999\nhost = [1, 2]\n\
         [redis]\nenabled = 1979-05-27\n[world]\nstart_positions = [\"1:2\"]\n",
    );
    assert_eq!(faults.len(), 4, "{faults:?}");
    assert!(faults[0].contains("huge integer"), "{faults:?}");
    assert!(faults[3].contains("map:x:y"), "{faults:?}");
}

#[test]
fn a_mistyped_name_gets_a_suggestion() {
    assert_eq!(
        faults_of("[limits]\nidle_minuts = 5\n"),
        ["2:1: limits.idle_minuts: no such setting; did you mean limits.idle_minutes?"]
    );
    assert_eq!(faults_of("\n[sever]\nport = 1\n"), ["2:2: [sever]: no such section; did you mean server?"]);
    assert_eq!(
        faults_of("port = 1\n"),
        ["1:1: port: a setting outside every section; it belongs under [server]"]
    );
    let flags = Flags::default();
    let error =
        load(&flags, &environment(&[("PYAO_SERVER__PROT", "1")]), Path::new("/nonexistent")).unwrap_err();
    assert_eq!(error.to_string(), "PYAO_SERVER__PROT: no such setting; did you mean PYAO_SERVER__PORT?");
}

#[test]
fn broken_toml_is_reported_where_it_breaks() {
    let faults = faults_of("[server]\nport = \n");
    assert!(faults[0].starts_with("2:"), "{faults:?}");
}

#[test]
fn columns_count_characters_not_bytes() {
    let faults = faults_of("[world]\ndata = \"ñandú\"\nstart_positions = [\"ñ\"]\n[server]\n\"ñ\" = 1\n");
    assert!(faults[0].starts_with("3:19: "), "{faults:?}");
    assert!(faults[1].starts_with("5:1: "), "{faults:?}");
}

#[test]
fn faults_of_every_layer_come_together() {
    let flags = Flags { port: Some("x".to_owned()), ..Flags::default() };
    let error =
        load_text("[ops]\nlisten = \"7667\"\n", flags, &[("PYAO_LIMITS__IDLE_MINUTES", "-1")]).unwrap_err();
    let text = error.to_string();
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.contains("config.toml:2:10: ops.listen"), "{text}");
    assert!(text.contains("PYAO_LIMITS__IDLE_MINUTES: limits.idle_minutes: expected"), "{text}");
    assert!(
        text.contains("--port: server.port: expected a whole number from 0 to 65535, found \"x\""),
        "{text}"
    );
}

#[test]
fn a_named_file_that_is_not_there_is_an_error() {
    let flags = Flags { config: Some(PathBuf::from("/nonexistent/mine.toml")), ..Flags::default() };
    let error =
        load(&flags, &BTreeMap::new(), Path::new("/nonexistent/config.toml")).unwrap_err().to_string();
    assert!(error.contains("/nonexistent/mine.toml"), "{error}");
}

#[test]
fn the_variable_names_the_file_and_the_flag_wins_over_it() {
    let directory = tempfile::tempdir().unwrap();
    let (one, two) = (directory.path().join("one.toml"), directory.path().join("two.toml"));
    std::fs::write(&one, "[server]\nport = 1\n").unwrap();
    std::fs::write(&two, "[server]\nport = 2\n").unwrap();
    let variables = environment(&[("PYAO_CONFIG", one.to_str().unwrap())]);
    let by_variable = load(&Flags::default(), &variables, Path::new("/nonexistent")).unwrap();
    assert_eq!(by_variable.config.server.port, 1);
    let flags = Flags { config: Some(two), ..Flags::default() };
    assert_eq!(load(&flags, &variables, Path::new("/nonexistent")).unwrap().config.server.port, 2);
}

#[test]
fn redis_is_asked_for_by_an_address_or_by_required() {
    let asked = |text: &str, flags: Flags, variables: &[(&str, &str)]| {
        load_text(text, flags, variables).unwrap().config.redis.is_asked_for()
    };
    let with_flag = || Flags { redis: Some("redis://db".to_owned()), ..Flags::default() };
    let without = || Flags { no_redis: true, ..Flags::default() };
    assert!(!asked("", Flags::default(), &[]));
    assert!(asked("[redis]\nrequired = true\n", Flags::default(), &[]));
    assert!(asked("[redis]\nurl = \"redis://db\"\n", Flags::default(), &[]));
    assert!(!asked("[redis]\nurl = \"redis://db\"\nrequired = false\n", Flags::default(), &[]));
    assert!(!asked("[redis]\nurl = \"redis://db\"\n", without(), &[]));
    assert!(!asked("[redis]\nurl = \"redis://db\"\n", Flags::default(), &[("PYAO_NO_REDIS", "1")]));
    assert!(asked("[redis]\nurl = \"redis://db\"\n", Flags::default(), &[("PYAO_NO_REDIS", "0")]));
    assert!(asked("[redis]\nenabled = false\n", with_flag(), &[("PYAO_NO_REDIS", "1")]));
    assert!(asked("[redis]\nenabled = false\n", Flags::default(), &[("PYAO_REDIS", "redis://db")]));
}

#[test]
fn the_report_names_every_setting_and_hides_passwords() {
    let flags = Flags { redis: Some("redis://:secret@db".to_owned()), ..Flags::default() };
    let report = load_text("", flags, &[]).unwrap().report();
    assert_eq!(report.lines().count(), SETTINGS.len());
    assert!(report.contains("redis.url = \"redis://:***@db\"  (--redis)\n"), "{report}");
    assert!(report.contains("server.port = 7666  (default)\n"), "{report}");
    assert!(!report.contains("secret"), "{report}");
}

#[test]
fn the_reference_file_has_every_setting_at_its_default() {
    let loaded = load_text(REFERENCE_FILE, Flags::default(), &[]).unwrap();
    assert_eq!(loaded.config, Config::default());
    for setting in SETTINGS {
        let is_set = matches!(loaded.sources.of(setting.key), Source::File { .. });
        let is_commented = REFERENCE_FILE.contains(&format!("\n# {} = ", setting.name()));
        assert!(is_set || is_commented, "{} is missing", setting.key);
    }
}

/// Returns the comment over the setting in the reference file: it may stand over several settings.
fn comment_of(setting: &Setting) -> String {
    let section = REFERENCE_FILE.split(&format!("\n[{}]\n", setting.section())).nth(1).unwrap();
    let is_here = |line: &&str| !line.trim_start_matches("# ").starts_with(&format!("{} = ", setting.name()));
    let above: Vec<&str> = section.lines().take_while(is_here).collect();
    let is_comment = |line: &&&str| line.starts_with('#');
    let comment = above.iter().rev().skip_while(|line| !line.starts_with('#')).take_while(is_comment);
    comment.copied().collect::<Vec<_>>().join("\n")
}

#[test]
fn the_reference_file_marks_the_live_settings() {
    for setting in SETTINGS {
        let is_whole_section = REFERENCE_FILE.contains(&format!("# All of [{}] is live.", setting.section()));
        let is_marked = is_whole_section || comment_of(setting).contains("(live)");
        assert_eq!(is_marked, setting.live.is_some(), "{}: {}", setting.key, comment_of(setting));
    }
}
