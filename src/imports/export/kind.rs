//! The kinds of exports, with their columns and permissions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::Permission;
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The kind of the rows of an export.
    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum ExportKind {
        Products,
        Stock,
        Movements,
        Orders,
        OrderItems,
        OrderTaxes,
        CreditTaxes,
        Customers,
        Barcodes,
        Suppliers,
        PurchaseOrders,
    }
}

/// The form in which the cells of a column are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Any other text, also times.
    Text,
    /// A number.
    Number,
    /// Minor units of the store's currency.
    Money,
    /// The tax lines of an order.
    Taxes,
}

/// A column of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub form: Form,
}

const fn text(name: &'static str) -> Column {
    Column { name, form: Form::Text }
}

const fn number(name: &'static str) -> Column {
    Column { name, form: Form::Number }
}

const fn money(name: &'static str) -> Column {
    Column { name, form: Form::Money }
}

const PRODUCTS: &[Column] = &[
    text("sku"),
    text("size"),
    text("size_sku"),
    text("name"),
    text("description"),
    text("category"),
    text("brand"),
    text("barcode"),
    money("price"),
    money("mrp"),
    money("cost_price"),
    text("unit"),
    text("status"),
    number("min_stock_level"),
    number("max_stock_level"),
];

const STOCK: &[Column] = &[
    text("sku"),
    text("size"),
    text("location"),
    text("movement_type"),
    number("quantity"),
    number("expected_stock"),
    text("reason"),
];

const MOVEMENTS: &[Column] = &[
    number("id"),
    text("created_at"),
    text("kind"),
    text("sku"),
    text("size"),
    text("location"),
    number("stock_delta"),
    number("reserved_delta"),
    number("sold_delta"),
    number("committed_delta"),
    number("stock_after"),
    number("reserved_after"),
    text("reason"),
    text("reference_id"),
    text("actor"),
];

const ORDERS: &[Column] = &[
    text("order_number"),
    text("created_at"),
    text("status"),
    text("payment_status"),
    text("payment_method"),
    text("payment_reference"),
    text("paid_at"),
    text("invoice_number"),
    text("customer_name"),
    text("customer_email"),
    text("currency"),
    money("subtotal"),
    money("discount_amount"),
    money("shipping_amount"),
    money("tax_amount"),
    money("included_tax_amount"),
    money("total_amount"),
    money("credited_amount"),
    money("net_total"),
    money("received_amount"),
    money("refunded_amount"),
    Column { name: "taxes", form: Form::Taxes },
];

const ORDER_ITEMS: &[Column] = &[
    text("order_number"),
    text("created_at"),
    text("sku"),
    text("product_name"),
    text("size"),
    number("quantity"),
    money("unit_price"),
    money("discount_amount"),
    money("tax_amount"),
    money("included_tax_amount"),
    money("total_price"),
    number("shipped_quantity"),
    number("cancelled_quantity"),
    number("returned_quantity"),
];

const ORDER_TAXES: &[Column] = &[
    text("order_number"),
    text("created_at"),
    text("status"),
    text("payment_status"),
    text("invoice_number"),
    text("currency"),
    text("tax_name"),
    number("tax_percent"),
    text("tax_included"),
    money("net_amount"),
    money("tax_amount"),
];

const CREDIT_TAXES: &[Column] = &[
    text("credit_number"),
    text("created_at"),
    text("kind"),
    text("order_number"),
    text("invoice_number"),
    text("currency"),
    text("tax_name"),
    number("tax_percent"),
    text("tax_included"),
    money("net_amount"),
    money("tax_amount"),
];

const CUSTOMERS: &[Column] = &[
    number("id"),
    text("email"),
    text("full_name"),
    text("created_at"),
    text("active"),
    number("orders"),
    text("last_order_at"),
];

const BARCODES: &[Column] = &[text("sku"), text("size"), text("code"), number("units")];

const SUPPLIERS: &[Column] = &[
    text("code"),
    text("name"),
    text("email"),
    text("phone"),
    number("lead_time_days"),
    text("notes"),
    text("active"),
];

const PURCHASE_ORDERS: &[Column] = &[
    text("number"),
    text("reference"),
    text("supplier"),
    text("location"),
    text("expected_on"),
    text("notes"),
    text("sku"),
    text("size"),
    number("quantity"),
    money("unit_cost"),
    text("line_expected_on"),
];

impl ExportKind {
    #[must_use]
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Products => PRODUCTS,
            Self::Stock => STOCK,
            Self::Movements => MOVEMENTS,
            Self::Orders => ORDERS,
            Self::OrderItems => ORDER_ITEMS,
            Self::OrderTaxes => ORDER_TAXES,
            Self::CreditTaxes => CREDIT_TAXES,
            Self::Customers => CUSTOMERS,
            Self::Barcodes => BARCODES,
            Self::Suppliers => SUPPLIERS,
            Self::PurchaseOrders => PURCHASE_ORDERS,
        }
    }

    #[must_use]
    pub const fn permission(self) -> Permission {
        match self {
            Self::Products | Self::Stock | Self::Movements | Self::Barcodes => Permission::InventoryRead,
            Self::Orders | Self::OrderItems | Self::OrderTaxes | Self::CreditTaxes => Permission::OrdersRead,
            Self::Customers => Permission::UsersManage,
            Self::Suppliers | Self::PurchaseOrders => Permission::PurchasingManage,
        }
    }

    /// True if the rows have a time by which `from` and `to` select them.
    #[must_use]
    pub const fn has_time(self) -> bool {
        matches!(
            self,
            Self::Movements
                | Self::Orders
                | Self::OrderItems
                | Self::OrderTaxes
                | Self::CreditTaxes
                | Self::PurchaseOrders
        )
    }

    /// The number of products, orders or other objects in one slice. Some have many rows.
    #[must_use]
    pub const fn slice(self) -> i64 {
        match self {
            Self::Movements | Self::Customers | Self::Suppliers | Self::Orders => 500,
            Self::Stock | Self::OrderTaxes | Self::CreditTaxes => 200,
            Self::Products | Self::Barcodes | Self::OrderItems => 50,
            Self::PurchaseOrders => 10,
        }
    }
}
