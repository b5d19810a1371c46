//! Settings that an operator changes with `redis-cli` while players play.

use std::net::{SocketAddr, TcpListener, TcpStream};

use pyao_core::game::texts;
use pyao_core::protocol::client::ClientPacket;
use pyao_simulator::forms::{NewCharacter, login_packet};
use pyao_tests::bot::Bot;
use pyao_tests::process::{Server, free_port};
use pyao_tests::suite::{
    LONG, PASSWORD, at_creation, at_login, check, create, last_words, login, read, see, try_to_create,
    wait_until,
};

use crate::support::{cli, on, redis};

fn refused(server: &Server) -> u64 {
    server.metric("pyao_settings_refused_total").unwrap()
}

fn create_at(address: SocketAddr, name: &str) -> Bot {
    Bot::create(address, name, PASSWORD).unwrap()
}

#[test]
fn a_changed_port_is_followed_and_players_stay() {
    let Some(redis) = redis(&[]) else { return };
    // Not a port that the system hands out: another program might have it once the listener is closed.
    let [old_port, port] = [(); 2].map(|()| free_port().unwrap());
    let server = on(&redis).arg("--port").arg(&old_port.to_string()).start().unwrap();
    let mut ana = create(&server, "Ana");
    cli(&redis, &format!("SET config:server:port \"{port}\""));
    server.wait_for_log(&format!("now listening on 127.0.0.1:{port}"), LONG).unwrap();
    let mut beto = create_at(([127, 0, 0, 1], port).into(), "Beto");
    see(&mut ana, "Beto");
    assert!(TcpStream::connect(server.address()).is_err(), "the old door is closed");
    check([&mut ana, &mut beto]);
}

#[test]
fn a_changed_host_is_followed_and_one_that_this_machine_lacks_is_not() {
    let Some(redis) = redis(&[]) else { return };
    let port = free_port().unwrap();
    let server = on(&redis).arg("--port").arg(&port.to_string()).start().unwrap();
    let mut ana = create(&server, "Ana");
    cli(&redis, "SET config:server:host \"127.0.0.2\"");
    server.wait_for_log(&format!("now listening on 127.0.0.2:{port}"), LONG).unwrap();
    let mut beto = create_at(([127, 0, 0, 2], port).into(), "Beto");
    assert!(TcpStream::connect(server.address()).is_err(), "the old door is closed");
    // An address for documentation, which no machine has.
    cli(&redis, "SET config:server:host \"203.0.113.7\"");
    wait_until("a refused host", || refused(&server) == 1);
    let mut caro = create_at(([127, 0, 0, 2], port).into(), "Caro");
    see(&mut ana, "Caro");
    check([&mut ana, &mut beto, &mut caro]);
}

#[test]
fn a_port_that_is_taken_is_told_and_counted_and_the_old_one_stays() {
    let Some(redis) = redis(&[]) else { return };
    let server = on(&redis).start().unwrap();
    let mut ana = create(&server, "Ana");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    cli(&redis, &format!("SET config:server:port {port}"));
    wait_until("a refused port", || refused(&server) == 1);
    server.wait_for_log(&format!("cannot listen on 127.0.0.1:{port}"), LONG).unwrap();
    let health = || server.request("GET", "/health").unwrap();
    assert!(health().contains("\"settings_not_followed\":[\"server.port\"]"), "{}", health());
    let mut beto = create(&server, "Beto");
    let free = free_port().unwrap();
    cli(&redis, &format!("SET config:server:port {free}"));
    server.wait_for_log(&format!("now listening on 127.0.0.1:{free}"), LONG).unwrap();
    let mut caro = create_at(([127, 0, 0, 1], free).into(), "Caro");
    check([&mut ana, &mut beto, &mut caro]);
    assert_eq!(refused(&server), 1);
    assert!(health().contains("\"status\":\"healthy\""), "{}", health());
}

#[test]
fn garbage_in_redis_is_told_counted_and_ignored() {
    let Some(redis) = redis(&[]) else { return };
    // Port 0, any free one, is for starts alone.
    let port = free_port().unwrap().to_string();
    let server = on(&redis).arg("--port").arg(&port).start().unwrap();
    let mut ana = create(&server, "Ana");
    let garbage = [
        "config:server:port ochenta",
        "config:server:port 0",
        "config:server:port 70000",
        "config:server:host \"\"",
        "config:server:max_connections -1",
        "config:limits:packets_per_second many",
        "server:dice:max_value 3",
    ];
    for (number, setting) in (1..).zip(garbage) {
        cli(&redis, &format!("SET {setting}"));
        wait_until(&format!("{setting} refused"), || refused(&server) == number);
    }
    let mut beto = create(&server, "Beto");
    // A deleted key, or one that is no text at all, changes nothing either.
    cli(&redis, "DEL config:server:port config:server:max_connections");
    cli(&redis, "RPUSH config:server:port 1 2 3");
    cli(&redis, "SET server:motd \"una vuelta más\"");
    server.wait_for_log("game.motd is now", LONG).unwrap();
    check([&mut ana, &mut beto, &mut create(&server, "Caro")]);
}

#[test]
fn the_most_connections_follow_redis_for_new_ones() {
    let Some(redis) = redis(&[]) else { return };
    let server = on(&redis).start().unwrap();
    let (mut ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    cli(&redis, "SET config:server:max_connections \"1\"");
    server.wait_for_log("server.max_connections is now \"1\"", LONG).unwrap();
    let mut caro = at_login(&server);
    assert!(last_words(&mut caro).contains("completo"));
    cli(&redis, "SET config:server:max_connections \"3\"");
    server.wait_for_log("server.max_connections is now \"3\"", LONG).unwrap();
    let mut caro = create(&server, "Caro");
    check([&mut ana, &mut beto, &mut caro]);
}

#[test]
fn limits_dice_and_the_message_of_the_day_follow_redis() {
    let Some(redis) = redis(&[]) else { return };
    let server = on(&redis).start().unwrap();
    let mut ana = create(&server, "Ana");
    let follow = |setting: &str, key: &str, value: &str| {
        cli(&redis, &format!("SET {setting} \"{value}\""));
        server.wait_for_log(&format!("{key} is now {value:?}"), LONG).unwrap();
    };
    follow("server:motd", "game.motd", "hoy hay feria");
    ana.send(&ClientPacket::RequestMOTD).unwrap();
    read(&mut ana, "hoy hay feria");

    follow("server:dice:min_value", "game.dice_min", "18");
    assert_eq!(at_creation(&server).shadow.dice, Some([18; 5]));

    follow("config:limits:handshake_seconds", "limits.handshake_seconds", "1");
    at_login(&server).expect_closed(LONG).unwrap();
    follow("config:limits:handshake_seconds", "limits.handshake_seconds", "30");

    follow("config:limits:chat_per_second", "limits.chat_per_second", "7");
    follow("config:limits:packets_per_second", "limits.packets_per_second", "5");
    // A dozen more than may come at once, and less than what ends a connection that has to wait for too long.
    ana.send_all(&vec![ClientPacket::Ping; 40]).unwrap();
    ana.shadow.pings += 40;
    wait_until("a player who has to wait", || server.metric("pyao_throttles_total").unwrap() > 0);
    follow("config:limits:packets_per_second", "limits.packets_per_second", "0");

    follow("config:limits:connections_per_ip", "limits.connections_per_ip", "1");
    assert!(last_words(&mut at_login(&server)).contains("desde tu dirección"));
    follow("config:limits:connections_per_ip", "limits.connections_per_ip", "0");

    follow("config:limits:logins_per_minute_per_ip", "limits.logins_per_minute_per_ip", "1");
    let answers = [(); 3].map(|()| {
        let mut bot = at_login(&server);
        bot.send(&login_packet("Nadie", PASSWORD)).unwrap();
        last_words(&mut bot)
    });
    assert!(answers.contains(&texts::TOO_MANY_ATTEMPTS.to_owned()), "{answers:?}");
    follow("config:limits:logins_per_minute_per_ip", "limits.logins_per_minute_per_ip", "0");

    follow("config:game:disconnect_stay_seconds", "game.disconnect_stay_seconds", "60");
    check([&mut ana]);
    ana.hang_up().unwrap();
    server.wait_for_log("reason=lost_socket", LONG).unwrap();
    let mut ana = login(&server, "Ana");
    assert!(ana.shadow.console_has("hoy hay feria"), "{:?}", ana.shadow.console);
    check([&mut ana]);
}

#[test]
fn creations_and_absent_characters_of_an_address_follow_redis() {
    let Some(redis) = redis(&[]) else { return };
    let server = on(&redis).set("world.start_positions", vec!["2:80:60"]).start().unwrap();
    let follow = |setting: &str, value: u32| {
        cli(&redis, &format!("SET config:limits:{setting} {value}"));
        server.wait_for_log(&format!("limits.{setting} is now \"{value}\""), LONG).unwrap();
    };
    for name in ["Ana", "Beto", "Caro"] {
        drop(create(&server, name));
        server.wait_for_log(&format!("connection lost: name={name:?}"), LONG).unwrap();
    }
    let absent = || server.metric("pyao_absent_characters").unwrap();
    assert_eq!(absent(), 3);
    follow("absent_characters_per_ip", 2);
    wait_until("two bodies", || absent() == 2);
    follow("absent_characters", 1);
    wait_until("one body", || absent() == 1);
    follow("creations_per_day_per_ip", 1);
    let mut dani = create(&server, "Dani");
    let mut late = at_creation(&server);
    let refusal = try_to_create(&mut late, &NewCharacter::named("Eva", PASSWORD));
    assert_eq!(refusal.as_deref(), Some(texts::TOO_MANY_CREATIONS));
    follow("creations_per_day_per_ip", 2);
    assert_eq!(try_to_create(&mut late, &NewCharacter::named("Eva", PASSWORD)), None);
    check([&mut dani, &mut late]);
}

#[test]
fn a_message_of_the_day_that_is_too_long_is_refused() {
    let Some(redis) = redis(&[]) else { return };
    let server = on(&redis).start().unwrap();
    cli(&redis, &format!("SET server:motd \"{}\"", "hola\\n".repeat(1_200)));
    wait_until("a refused message", || refused(&server) == 1);
    let log = server.log();
    let refusal = log.lines().find(|line| line.contains("game.motd: the store says")).unwrap_or_default();
    assert!(refusal.contains("at most 20 lines") && refusal.len() < 1_500, "{log}");
    let mut ana = create(&server, "Ana");
    assert!(!ana.shadow.console_has("hola"), "{:?}", ana.shadow.console);
    check([&mut ana]);
}

#[test]
fn one_change_reaches_all_servers() {
    let Some(redis) = redis(&[]) else { return };
    let servers = [on(&redis).start().unwrap(), on(&redis).start().unwrap()];
    cli(&redis, "SET server:motd \"para todos\"");
    for server in &servers {
        server.wait_for_log("game.motd is now \"para todos\"", LONG).unwrap();
    }
}
