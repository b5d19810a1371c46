//! Sight: clients are shown exactly the characters and objects in their sight.

pub(super) mod area;
pub(super) mod click;
pub mod looks;
