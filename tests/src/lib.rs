//! Bot client, end-to-end suites, simulator and benches of the PyAO server.
