//! Rebuilds the program after a migration is added. Migrations are embedded, and Cargo does not notice new files by
//! itself.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
