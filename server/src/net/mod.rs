//! Sockets; the only module that knows mio.
