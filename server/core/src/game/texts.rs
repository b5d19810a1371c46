//! Texts that players read, in Spanish: all of the game's Spanish stands here.

use crate::base::close_reason::CloseReason;
use crate::content::SpellTemplate;
use crate::records::StatsRecord;

/// Lines without parameters.
pub const INVALID_NAME: &str =
    "El nombre lleva de 3 a 15 letras, números o espacios sueltos, y empieza con letra.";
/// A forbidden word.
pub const FORBIDDEN_NAME: &str = "Ese nombre no está permitido.";
/// Somebody has that name.
pub const NAME_TAKEN: &str = "Ya hay un personaje con ese nombre.";
/// Too short, too long, or with a character that the login form refuses.
pub const INVALID_PASSWORD: &str = "La contraseña lleva de 6 a 15 letras sin acento ni ñ, números o signos, sin espacio \
     al principio ni al final y sin \" * , / : < > ? \\ |";
/// Not x@y.z.
pub const INVALID_EMAIL: &str = "La dirección de correo no es válida.";
/// No such race.
pub const INVALID_RACE: &str = "La raza elegida no existe.";
/// No such gender.
pub const INVALID_GENDER: &str = "El género elegido no existe.";
/// No such class.
pub const INVALID_CLASS: &str = "La clase elegida no existe.";
/// No such home.
pub const INVALID_HOME: &str = "La ciudad elegida no existe.";
/// A head of another race or gender.
pub const INVALID_HEAD: &str = "La cabeza elegida no corresponde a tu raza.";
/// No dice on this connection.
pub const DICE_NOT_THROWN: &str = "Tirá los dados antes de crear el personaje.";
/// Unknown name and wrong password alike.
pub const WRONG_CREDENTIALS: &str = "El nombre o la contraseña no son correctos.";
/// Not 0.13.0.
pub const WRONG_VERSION: &str = "Cliente desactualizado: hace falta la versión 0.13.0.";
/// Over the limit of an address.
pub const TOO_MANY_ATTEMPTS: &str = "Demasiados intentos; esperá un minuto.";
/// Over the day's limit of an address.
pub const TOO_MANY_CREATIONS: &str = "Desde tu dirección ya se crearon muchos personajes hoy; probá mañana.";
/// Too many logins wait for their answers.
pub const BUSY: &str = "El servidor está ocupado con otros ingresos; probá de nuevo en unos segundos.";
/// More work than time.
pub const OVERLOADED: &str = "El servidor está sobrecargado; probá en un momento.";
/// The store is away.
pub const STORE_AWAY: &str = "El servidor no puede leer los personajes ahora; probá en un momento.";
/// The stored character cannot be read.
pub const DAMAGED_CHARACTER: &str = "Tu personaje no se pudo leer; avisale a un administrador.";
/// Another server has the character.
pub const ON_ANOTHER_SERVER: &str = "Tu personaje está conectado en otro servidor.";
/// No tile to stand on.
pub const NO_ROOM: &str = "No hay lugar para tu personaje ahora; probá en un momento.";
/// Password checking failed.
pub const INTERNAL_ERROR: &str = "Hubo un error del servidor; probá de nuevo.";

/// A countdown was broken off.
pub const LEAVE_CANCELLED: &str = "Salida cancelada.";
/// Good-bye.
pub const FAREWELL: &str = "¡Gracias por jugar Argentum Online!";

/// A '/' command that does not exist.
pub const UNKNOWN_COMMAND: &str = "Comando desconocido; escribí /AYUDA.";
/// Lines over the limit of a player.
pub const TOO_MUCH_CHAT: &str = "No tan rápido: lo que decís de más no lo lee nadie.";
/// A whisper to nobody.
pub const NOT_ONLINE: &str = "Ese personaje no está conectado.";
/// A whisper to oneself.
pub const WHISPER_TO_SELF: &str = "No podés susurrarte.";
/// A new description.
pub const DESCRIPTION_CHANGED: &str = "Tu descripción cambió.";
/// The server has no such system yet.
pub const NOT_YET: &str = "Eso todavía no se puede hacer en este servidor.";
/// A click on an empty tile.
pub const NOTHING_THERE: &str = "No ves nada interesante.";
/// The password was not changed.
pub const WRONG_PASSWORD: &str = "La contraseña actual no es correcta.";
/// The password was changed and stored.
pub const PASSWORD_CHANGED: &str = "Tu contraseña cambió.";
/// Heading of the message of the day.
pub const MOTD_HEADING: &str = "Mensaje del día:";
/// No message of the day.
pub const NO_MOTD: &str = "No hay mensaje del día.";

/// Newcomers, as the group that a map is for.
pub const NEWBIES: &str = "newbies";
/// The royal army, as the group that a map is for.
pub const ROYAL_ARMY: &str = "la Armada Real";
/// The chaos legion, as the group that a map is for.
pub const CHAOS_LEGION: &str = "la Legión Oscura";
/// Members of either faction, as the group that a map is for.
pub const FACTION_MEMBERS: &str = "miembros de una facción";
/// The staff, as the group that a map is for.
pub const STAFF: &str = "los administradores";

/// Returns the last thing that a client reads before its connection ends, where it can still show it.
///
/// A client whose stream is broken, or that does not read, cannot; a refused login has a text of its own.
#[must_use]
pub fn of_close(reason: CloseReason) -> Option<&'static str> {
    match reason {
        CloseReason::Idle => Some("Desconectado por inactividad."),
        CloseReason::Flood => Some("Enviaste demasiados paquetes; volvé a conectarte."),
        CloseReason::ServerFull => Some("Servidor completo, probá más tarde."),
        CloseReason::TooManyFromAddress => Some("Demasiadas conexiones desde tu dirección."),
        CloseReason::Overloaded => Some(OVERLOADED),
        CloseReason::Replaced => Some("Tu personaje se conectó desde otro lugar."),
        CloseReason::TakenOver => Some("Tu personaje entró por otro servidor."),
        CloseReason::AccountDeleted => Some("Tu cuenta fue borrada de este servidor."),
        CloseReason::Shutdown => Some("El servidor se está cerrando; tu personaje quedó guardado."),
        CloseReason::Quit
        | CloseReason::LostSocket
        | CloseReason::ConnectionReset
        | CloseReason::HandshakeTimeout
        | CloseReason::UnknownPacket(_)
        | CloseReason::MalformedPacket
        | CloseReason::OutOfOrder
        | CloseReason::OutputOverflow
        | CloseReason::PartialWrite
        | CloseReason::LoginRefused
        | CloseReason::TooManyLogins
        | CloseReason::Busy
        | CloseReason::InternalError => None,
    }
}

/// Tells of a countdown that has begun.
#[must_use]
pub fn leaving_in(seconds: u64) -> String {
    format!("Saldrás del juego en {seconds} segundos.")
}

/// Tells the number of players online.
#[must_use]
pub fn online(count: usize) -> String {
    format!("Usuarios conectados: {count}.")
}

/// Returns the time since the server started.
#[must_use]
pub fn uptime(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    format!("El servidor lleva {days} d {hours} h {minutes} min {} s encendido.", seconds % 60)
}

/// Returns the line of a whisper for its sender, when the other is out of sight.
#[must_use]
pub fn whisper_sent(to: &str, text: &str) -> String {
    format!("Le susurraste a {to}: {text}")
}

/// Returns the line of a whisper for its receiver.
#[must_use]
pub fn whisper_received(from: &str, text: &str) -> String {
    format!("{from} te susurra: {text}")
}

/// Returns a player's sheet, a line each.
#[must_use]
pub fn stats(name: &str, stats: &StatsRecord) -> [String; 4] {
    [
        format!("Estadísticas de {name}:"),
        format!("Nivel {}, experiencia {}/{}.", stats.level, stats.experience, stats.experience_to_next),
        format!(
            "Vida {}/{}, maná {}/{}, energía {}/{}.",
            stats.hp, stats.max_hp, stats.mana, stats.max_mana, stats.stamina, stats.max_stamina
        ),
        format!("Golpe {} a {}, oro {}.", stats.min_hit, stats.max_hit, stats.gold),
    ]
}

/// Describes a spell in two lines.
#[must_use]
pub fn spell(spell: &SpellTemplate) -> [String; 2] {
    [
        format!("{}: {}", spell.name, spell.description),
        format!("Maná {}, energía {}, magia {}.", spell.mana, spell.stamina, spell.min_skill),
    ]
}

/// Describes a player who is clicked on. `description` is empty for players without one.
#[must_use]
pub fn player(name: &str, description: &str, is_criminal: bool, is_absent: bool) -> String {
    let dash = if description.is_empty() { "" } else { " - " };
    let status = if is_criminal { "CRIMINAL" } else { "CIUDADANO" };
    let absent = if is_absent { " (desconectado)" } else { "" };
    format!("{name}{dash}{description} <{status}>{absent}")
}

/// Refuses the way to a map that is for others.
#[must_use]
pub fn restricted_map(group: &str) -> String {
    format!("Mapa exclusivo para {group}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptime_counts_days_hours_minutes_and_seconds() {
        assert_eq!(uptime(90_061), "El servidor lleva 1 d 1 h 1 min 1 s encendido.");
    }
}
