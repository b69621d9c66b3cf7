//! The vocabulary of the audit: the kinds of entities and the actions on them.

use serde::Serialize;

use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The actions of stock changes are the kinds of movements, as the view `audit_entries` names them.
    #[derive(Serialize)]
    #[strum(serialize_all = "PascalCase")]
    pub enum Entity {
        Order,
        Inventory,
        Product,
        Address,
        User,
        Store,
        Transfer,
        Count,
        PurchaseOrder,
        Supplier,
        Location,
        Return,
        Webhook,
        Alert,
    }
}

text_enum! {
    /// The kind of a write. The actions of a stock change are those of its movement, as the view `audit_entries`
    /// names them.
    #[derive(Serialize)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    #[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
    pub enum Action {
        Create,
        Update,
        Delete,
        Archive,
        UpdateStatus,
        Cancel,
        PaymentRecorded,
        RefundRecorded,
        CreditRecorded,
        OrderFulfilled,
        StockRestored,
        StockShipped,
        StockReceive,
        StockRemove,
        StockAdjust,
        StockReserve,
        StockRelease,
        StockTransferOut,
        StockTransferIn,
        StockReturn,
    }
}
