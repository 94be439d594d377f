//! Benchmarks live in the `[[bench]]` targets of this package; run them with `cargo bench`.
