//! The vocabulary of the audit: the kinds of entities and the actions on them.

use validator::ValidationError;

pub const ENTITIES: [&str; 6] = ["Order", "Inventory", "Product", "Address", "User", "Store"];

/// The actions of stock changes are the kinds of movements, as the view `audit_entries` names them.
pub const ACTIONS: [&str; 18] = [
    "CREATE",
    "UPDATE",
    "DELETE",
    "ARCHIVE",
    "UPDATE_STATUS",
    "CANCEL",
    "PAYMENT_RECORDED",
    "REFUND_RECORDED",
    "ORDER_FULFILLED",
    "STOCK_RESTORED",
    "STOCK_RECEIVE",
    "STOCK_REMOVE",
    "STOCK_ADJUST",
    "STOCK_RESERVE",
    "STOCK_RELEASE",
    "STOCK_TRANSFER_OUT",
    "STOCK_TRANSFER_IN",
    "STOCK_RETURN",
];

pub(super) fn check_entity(entity: &str) -> Result<(), ValidationError> {
    check("entity", entity, &ENTITIES)
}

pub(super) fn check_action(action: &str) -> Result<(), ValidationError> {
    check("action", action, &ACTIONS)
}

fn check(field: &'static str, word: &str, words: &[&str]) -> Result<(), ValidationError> {
    if words.contains(&word) {
        return Ok(());
    }
    Err(ValidationError::new(field).with_message(format!("must be one of {}", words.join(", ")).into()))
}
