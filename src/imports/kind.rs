//! The kinds of imports, with their columns and permissions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::Permission;
use crate::kernel::text_enum::text_enum;

/// The maximal number of rows of a file.
pub const MAX_ROWS: usize = 50_000;

text_enum! {
    /// The kind of the rows of an import.
    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum ImportKind {
        Products,
        Stock,
        Barcodes,
        Suppliers,
        PurchaseOrder,
    }
}

text_enum! {
    /// The effect of a refused row on the others. `stop`: nothing is changed. `skip`: the other rows are.
    #[derive(Default, Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum OnError {
        #[default]
        Stop,
        Skip,
    }
}

/// The form of the cells of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    /// Digits only.
    Integer,
    /// Digits, perhaps with a point and further digits.
    Amount,
    /// `true` or `false`.
    Flag,
}

/// A column of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub form: Form,
    /// True if every file must have the column.
    pub is_required: bool,
    /// True if rows with the same cells of these columns are the same row.
    pub is_key: bool,
}

/// True if `-` can clear the value of a column. The columns that name an object cannot be cleared, and `units` and
/// `unit_cost` always have a value.
#[must_use]
pub fn is_clearable(column: &str) -> bool {
    let names = ["sku", "size", "location", "code", "number", "reference", "supplier"];
    !names.contains(&column) && !matches!(column, "units" | "unit_cost")
}

const fn key(name: &'static str) -> Column {
    Column { name, form: Form::Text, is_required: true, is_key: true }
}

const fn optional_key(name: &'static str) -> Column {
    Column { is_required: false, ..key(name) }
}

const fn required(name: &'static str, form: Form) -> Column {
    Column { name, form, is_required: true, is_key: false }
}

const fn optional(name: &'static str, form: Form) -> Column {
    Column { name, form, is_required: false, is_key: false }
}

const PRODUCTS: &[Column] = &[
    key("sku"),
    optional_key("size"),
    optional("size_sku", Form::Text),
    optional("name", Form::Text),
    optional("description", Form::Text),
    optional("category", Form::Text),
    optional("brand", Form::Text),
    optional("barcode", Form::Text),
    optional("price", Form::Amount),
    optional("mrp", Form::Amount),
    optional("cost_price", Form::Amount),
    optional("unit", Form::Text),
    optional("status", Form::Text),
    optional("min_stock_level", Form::Integer),
    optional("max_stock_level", Form::Integer),
    optional("initial_stock", Form::Integer),
];

const STOCK: &[Column] = &[
    key("sku"),
    optional_key("size"),
    optional_key("location"),
    required("movement_type", Form::Text),
    required("quantity", Form::Integer),
    optional("expected_stock", Form::Integer),
    optional("counted_at", Form::Text),
    optional("reason", Form::Text),
];

const BARCODES: &[Column] =
    &[required("sku", Form::Text), optional("size", Form::Text), key("code"), optional("units", Form::Integer)];

const SUPPLIERS: &[Column] = &[
    key("code"),
    optional("name", Form::Text),
    optional("email", Form::Text),
    optional("phone", Form::Text),
    optional("lead_time_days", Form::Integer),
    optional("notes", Form::Text),
    optional("active", Form::Flag),
];

const PURCHASE_ORDER: &[Column] = &[
    optional_key("number"),
    optional_key("reference"),
    optional("supplier", Form::Text),
    optional("location", Form::Text),
    optional("expected_on", Form::Text),
    optional("notes", Form::Text),
    key("sku"),
    optional_key("size"),
    required("quantity", Form::Integer),
    optional("unit_cost", Form::Amount),
    optional("line_expected_on", Form::Text),
];

impl ImportKind {
    #[must_use]
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Products => PRODUCTS,
            Self::Stock => STOCK,
            Self::Barcodes => BARCODES,
            Self::Suppliers => SUPPLIERS,
            Self::PurchaseOrder => PURCHASE_ORDER,
        }
    }

    #[must_use]
    pub const fn permission(self) -> Permission {
        match self {
            Self::Products | Self::Barcodes => Permission::ProductsWrite,
            Self::Stock => Permission::InventoryUpdate,
            Self::Suppliers | Self::PurchaseOrder => Permission::PurchasingManage,
        }
    }

    /// The columns besides the key whose values no two rows may share.
    #[must_use]
    pub const fn own_codes(self) -> &'static [&'static str] {
        match self {
            Self::Products => &["barcode", "size_sku"],
            Self::Stock | Self::Barcodes | Self::Suppliers | Self::PurchaseOrder => &[],
        }
    }

    /// The columns by which neighbouring rows belong together: the sizes of a product, or the lines of a document. The
    /// first of them that a row has counts.
    #[must_use]
    pub const fn group(self) -> &'static [&'static str] {
        match self {
            Self::Products => &["sku"],
            Self::PurchaseOrder => &["number", "reference"],
            Self::Stock | Self::Barcodes | Self::Suppliers => &[],
        }
    }
}
