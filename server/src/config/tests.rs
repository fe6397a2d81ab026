//! What administrators can rely on.

use super::*;

fn parse(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::parse(text, "test.toml", variables)
}

#[test]
fn the_example_parses_and_shows_the_defaults() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/fieldloop.example.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let example = parse(&text, &[]).unwrap();
    assert_eq!(format!("{example:?}"), format!("{:?}", Config::default()));
    // Keys without a default are there as comments; taking the sign away must give a valid file, too.
    let uncommented: String = text
        .lines()
        .map(|line| line.strip_prefix("#:").unwrap_or(line))
        .flat_map(|line| [line.trim_start(), "\n"])
        .collect();
    parse(&uncommented, &[]).unwrap();
}

#[test]
fn the_environment_wins_over_the_file() {
    let config = parse(
        "[server]\nlisten = '127.0.0.1:1'",
        &[
            ("FIELDLOOP_SERVER_LISTEN", "127.0.0.1:2"),
            ("FIELDLOOP_AUTH_SESSION_HOURS", "3"),
            ("FIELDLOOP_DATABASE_URL", "sqlite:///tmp/x.db"),
            ("FIELDLOOP_SERVER_BEHIND_PROXY", "true"),
            ("FIELDLOOP_CONFIG", "ignored"),
            ("PATH", "/bin"),
        ],
    )
    .unwrap();
    assert_eq!(config.server.listen.port(), 2);
    assert_eq!(config.auth.session_hours, 3);
    assert_eq!(config.database_url(), "sqlite:///tmp/x.db");
    assert!(config.server.behind_proxy);
}

#[test]
fn mistakes_are_named() {
    for (text, variables, part) in [
        ("[server]\nlissten = '127.0.0.1:1'", [].as_slice(), "lissten"),
        ("[sever]", &[], "sever"),
        ("[auth]\ntoken_seconds = 86400", &[], "auth.token_seconds = 86400: expected 30 to 600"),
        ("[server]\npublic_url = 'ftp://x'", &[], "server.public_url"),
        ("", &[("FIELDLOOP_SERVER_LISTTEN", "x")], "listten"),
        ("", &[("FIELDLOOP_SERVR_LISTEN", "x")], "FIELDLOOP_SERVR_LISTEN"),
        ("", &[("FIELDLOOP_AUTH_SESSION_HOURS", "many")], "session_hours"),
        ("not toml", &[], "test.toml"),
    ] {
        let error = parse(text, variables).unwrap_err().to_string();
        assert!(error.contains(part), "{text:?} {variables:?}: {error}");
    }
}

#[test]
fn debug_hides_the_password_of_the_database() {
    let config = parse("[database]\nurl = 'postgres://u:geheim@h/d'", &[]).unwrap();
    assert!(!format!("{config:?}").contains("geheim"));
}
