//! Builds anew when a migration is added: they are built in, and the compiler sees only those it knew.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
