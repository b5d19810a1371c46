//! Commands on their way to Redis, written in its protocol as they are added.
//!
//! A save of many characters is tens of thousands of numbers. They go straight into the bytes that are sent, without a
//! string of their own each.

use std::fmt::{Display, Write};

/// Commands that are sent together.
#[derive(Debug, Default)]
pub(super) struct Commands {
    bytes: Vec<u8>,
    /// Start of each command in `bytes`.
    starts: Vec<usize>,
    /// The arguments of the last command, which may still get more.
    last: Vec<u8>,
    arguments: usize,
    /// The text of one argument.
    text: String,
}

impl Commands {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// One command.
    pub(super) fn of(name: &str, arguments: &[&str]) -> Self {
        let mut commands = Self::new();
        commands.add(name).args(arguments);
        commands
    }

    /// Commands of one transaction; see `Link::transaction`.
    pub(super) fn transaction() -> Self {
        let mut commands = Self::new();
        commands.add("MULTI");
        commands
    }

    /// Begins a command.
    pub(super) fn add(&mut self, name: &str) -> &mut Self {
        self.close();
        self.arg(name)
    }

    /// Adds an argument to the command begun last.
    pub(super) fn arg(&mut self, value: impl Display) -> &mut Self {
        self.text.clear();
        // Writing to a string cannot fail.
        let _ = write!(self.text, "{value}");
        self.arguments += 1;
        let mut length = [0; 20];
        self.last.push(b'$');
        self.last.extend_from_slice(decimal(self.text.len(), &mut length));
        self.last.extend_from_slice(b"\r\n");
        self.last.extend_from_slice(self.text.as_bytes());
        self.last.extend_from_slice(b"\r\n");
        self
    }

    /// Adds several arguments.
    pub(super) fn args(&mut self, values: impl IntoIterator<Item = impl Display>) -> &mut Self {
        for value in values {
            self.arg(value);
        }
        self
    }

    /// Number of arguments of the command begun last, with its name.
    pub(super) fn arguments(&self) -> usize {
        self.arguments
    }

    /// Takes the command begun last back.
    pub(super) fn take_back(&mut self) {
        self.last.clear();
        self.arguments = 0;
    }

    /// Number of commands.
    pub(super) fn len(&self) -> usize {
        self.starts.len() + usize::from(self.arguments > 0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the bytes to send.
    pub(super) fn bytes(&mut self) -> &[u8] {
        self.close();
        &self.bytes
    }

    /// Returns the first argument of a command that was sent: the key it is about.
    pub(super) fn key(&self, number: usize) -> String {
        let start = self.starts.get(number).copied().unwrap_or(self.bytes.len());
        let command = self.bytes.get(start..).unwrap_or_default();
        // Lines: *count, $length, name, $length, key. A key has no line breaks.
        let key = command.split(|byte| *byte == b'\n').nth(4).unwrap_or_default();
        String::from_utf8_lossy(key).trim_end().to_owned()
    }

    fn close(&mut self) {
        if self.arguments == 0 {
            return;
        }
        self.starts.push(self.bytes.len());
        let mut count = [0; 20];
        self.bytes.push(b'*');
        self.bytes.extend_from_slice(decimal(self.arguments, &mut count));
        self.bytes.extend_from_slice(b"\r\n");
        self.bytes.append(&mut self.last);
        self.arguments = 0;
    }
}

/// Writes the digits of a number.
fn decimal(mut number: usize, digits: &mut [u8; 20]) -> &[u8] {
    let mut first = digits.len();
    for (place, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        first = place;
        if number == 0 {
            break;
        }
    }
    digits.get(first..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_written_as_redis_reads_them() {
        let mut commands = Commands::new();
        commands.add("SET").arg("clave").arg("Ñ\r\n");
        commands.add("HSET").arg("h").args([1, -20]);
        commands.add("PING");
        assert_eq!(commands.len(), 3);
        let expected = "*3\r\n$3\r\nSET\r\n$5\r\nclave\r\n$4\r\nÑ\r\n\r\n\
                        *4\r\n$4\r\nHSET\r\n$1\r\nh\r\n$1\r\n1\r\n$3\r\n-20\r\n\
                        *1\r\n$4\r\nPING\r\n";
        assert_eq!(String::from_utf8_lossy(commands.bytes()), expected);
        assert_eq!(commands.len(), 3);
        assert_eq!([0, 1, 2, 3].map(|number| commands.key(number)), ["clave", "h", "", ""]);
    }

    #[test]
    fn a_command_is_taken_back_whole() {
        let mut commands = Commands::new();
        commands.add("PING");
        commands.add("HSET").arg("h");
        assert_eq!((commands.len(), commands.arguments()), (2, 2));
        commands.take_back();
        assert_eq!((commands.len(), commands.arguments()), (1, 0));
        assert_eq!(commands.bytes(), b"*1\r\n$4\r\nPING\r\n");
        assert!(Commands::new().is_empty());
    }

    #[test]
    fn lengths_have_as_many_digits_as_they_need() {
        for number in [0, 9, 10, 99, 100, 12_345, usize::MAX] {
            assert_eq!(decimal(number, &mut [0; 20]), number.to_string().as_bytes());
        }
    }
}
