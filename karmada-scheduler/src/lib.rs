//! First version.
