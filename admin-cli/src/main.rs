//! `pyao-admin`: administers a PyAO server.

fn main() {}
