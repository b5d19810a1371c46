//! Password hashing on threads of its own.
