//! The origin of the units of a document. Its type is the kind of the document.

use std::fmt::Debug;

use serde::Serialize;
use utoipa::ToSchema;

use super::status::InboundStatus;
use crate::audit::words::Entity;
use crate::error::{ApiError, Code};
use crate::events::EventType;
use crate::kernel::id::{LocationId, SupplierId};
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The kind of a document.
    #[derive(Serialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum InboundKind {
        Transfer,
        Purchase,
    }
}

/// The names in which the kinds of documents differ.
#[derive(Debug)]
pub struct DocumentNames {
    pub number_prefix: &'static str,
    /// The name of a document, in the middle of a sentence.
    pub noun: &'static str,
    /// The same at the start of a sentence.
    pub title: &'static str,
    pub entity: Entity,
    pub not_found: Code,
    /// The event of a receipt.
    pub received: EventType,
    /// The advice in the refusal of a cancellation that comes too late.
    pub instead_of_cancel: &'static str,
}

/// A place, from which transfers come, or a supplier, from which purchases come.
pub trait Origin: Copy + Debug + Send + 'static {
    const KIND: InboundKind;
    const NAMES: DocumentNames;
    /// The status while all units are outstanding.
    const FIRST_OPEN_STATUS: InboundStatus;

    /// The origin in a stored row, which has exactly one.
    fn from_row(place: Option<LocationId>, supplier: Option<SupplierId>) -> Option<Self>;
    fn place(self) -> Option<LocationId>;
    fn supplier(self) -> Option<SupplierId>;

    /// The 404 error.
    fn not_found() -> ApiError {
        ApiError::not_found(Self::NAMES.not_found, format_args!("The {}", Self::NAMES.noun))
    }
}

impl Origin for LocationId {
    const KIND: InboundKind = InboundKind::Transfer;
    const NAMES: DocumentNames = DocumentNames {
        number_prefix: "TRF",
        noun: "transfer",
        title: "Transfer",
        entity: Entity::Transfer,
        not_found: Code::TransferNotFound,
        received: EventType::TransferReceived,
        instead_of_cancel: "Settle the units that do not arrive (POST /transfers/{id}/settle).",
    };
    const FIRST_OPEN_STATUS: InboundStatus = InboundStatus::InTransit;

    fn from_row(place: Option<LocationId>, _: Option<SupplierId>) -> Option<Self> {
        place
    }

    fn place(self) -> Option<LocationId> {
        Some(self)
    }

    fn supplier(self) -> Option<SupplierId> {
        None
    }
}

impl Origin for SupplierId {
    const KIND: InboundKind = InboundKind::Purchase;
    const NAMES: DocumentNames = DocumentNames {
        number_prefix: "PO",
        noun: "purchase order",
        title: "Purchase order",
        entity: Entity::PurchaseOrder,
        not_found: Code::PurchaseOrderNotFound,
        received: EventType::PurchaseOrderReceived,
        instead_of_cancel: "Close the order (POST /purchase-orders/{id}/close).",
    };
    const FIRST_OPEN_STATUS: InboundStatus = InboundStatus::Ordered;

    fn from_row(_: Option<LocationId>, supplier: Option<SupplierId>) -> Option<Self> {
        supplier
    }

    fn place(self) -> Option<LocationId> {
        None
    }

    fn supplier(self) -> Option<SupplierId> {
        Some(self)
    }
}
