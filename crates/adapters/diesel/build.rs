//! Rebuilds the crate when a migration is added: the macro that embeds the migrations does not track new files.

fn main() {
    println!("cargo::rerun-if-changed=../../../migrations");
}
