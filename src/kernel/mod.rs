//! Small types that are parsed once, when input arrives, and are valid from then on.

pub mod csv;
pub mod current_request;
pub mod cursor;
pub mod document_number;
pub mod document_ref;
pub mod document_text;
pub mod expected_version;
pub mod folded_text;
pub mod history_step;
pub mod id;
pub mod json_column;
pub mod keyed_hash;
pub mod language;
pub mod moment;
pub mod money;
pub mod number;
pub mod page;
pub mod quantity;
pub mod rate;
pub mod schema;
pub mod signature;
pub mod sort_key;
pub mod split;
pub mod sum;
pub mod text;
pub mod text_enum;
