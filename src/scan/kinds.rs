//! The kinds of scanned codes and of documents.

use serde::Serialize;
use utoipa::ToSchema;

use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The kind of a scanned code.
    #[derive(Serialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum ScanKind {
        Barcode,
        Sku,
        Order,
        Shipment,
        Transfer,
        Purchase,
        Receipt,
        Count,
        Return,
    }
}

text_enum! {
    /// The kind of a document.
    #[derive(Serialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum DocumentKind {
        Order,
        Transfer,
        Purchase,
        Count,
        Return,
    }
}

text_enum! {
    /// The kind of an open document of a product.
    #[derive(Serialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum OpenKind {
        Transfer,
        Purchase,
        Count,
    }
}
