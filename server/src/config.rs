//! Configuration: layers and their precedence.
