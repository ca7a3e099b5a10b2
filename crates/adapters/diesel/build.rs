//! Has the crate built again when a migration is added, which the macro that embeds them does not see.

fn main() {
    println!("cargo::rerun-if-changed=../../../migrations");
}
