//! Suppliers, purchase orders, and what to order next.

use crate::auth::{Access, Permission};
use crate::error::Code;
use crate::inventory::inbounds::api::ReverseReceiptRequest;
use crate::kernel::page::NEWEST_FIRST;
use crate::openapi::Endpoint;
use crate::openapi::endpoint::{delete, get, patch, post};
use crate::purchasing::api::items::{self, SupplierItemResponse};
use crate::purchasing::api::purchase_orders::{self, PurchaseOrderResponse, PurchaseOrderSummaryResponse};
use crate::purchasing::api::reorder::{self, ReorderResponse, ReorderedResponse};
use crate::purchasing::api::suppliers::{self, SupplierResponse};

const MANAGE: Access = Access::Permission(Permission::PurchasingManage);
const RECEIVE: Access = Access::Permission(Permission::InventoryUpdate);

/// The errors of a request that names a product.
const PRODUCT_ERRORS: [Code; 3] = [Code::ProductNotFound, Code::SizeNotFound, Code::SizeRequired];

/// The errors of a request that changes an order.
const CHANGE_ERRORS: [Code; 3] = [Code::PurchaseOrderNotFound, Code::StaleDocument, Code::InvalidTransition];

/// The errors of a plan.
const PLAN_ERRORS: [Code; 4] =
    [Code::SupplierNotFound, Code::LocationNotFound, Code::LocationClosed, Code::InvalidTransition];

pub(super) fn purchasing() -> Vec<Endpoint> {
    [suppliers(), supplier_items(), needs(), orders(), acts(), receipts()].into_iter().flatten().collect()
}

fn suppliers() -> Vec<Endpoint> {
    vec![
        get("/suppliers", MANAGE, suppliers::list)
            .named("listSuppliers", "List suppliers")
            .sorted_by(&suppliers::SORTS, NEWEST_FIRST)
            .query::<suppliers::SuppliersQuery>()
            .lists::<SupplierResponse>(),
        post("/suppliers", MANAGE, suppliers::create)
            .named("createSupplier", "Add a supplier")
            .takes::<suppliers::NewSupplierRequest>()
            .answers::<SupplierResponse>(201)
            .errors(&[Code::Duplicate]),
        get("/suppliers/{id}", MANAGE, suppliers::show)
            .named("getSupplier", "Read a supplier")
            .answers::<SupplierResponse>(200)
            .errors(&[Code::SupplierNotFound]),
        patch("/suppliers/{id}", MANAGE, suppliers::update)
            .named("updateSupplier", "Change a supplier")
            .takes::<suppliers::SupplierPatchRequest>()
            .answers::<SupplierResponse>(200)
            .errors(&[Code::SupplierNotFound, Code::Duplicate]),
    ]
}

fn supplier_items() -> Vec<Endpoint> {
    vec![
        get("/suppliers/{id}/items", MANAGE, items::list)
            .named("listSupplierItems", "List what a supplier sells")
            .sorted_by(&items::SORTS, items::FIRST_BY_ID)
            .lists::<SupplierItemResponse>()
            .errors(&[Code::SupplierNotFound]),
        post("/suppliers/{id}/items", MANAGE, items::create)
            .named("createSupplierItem", "Add a product or size to what a supplier sells")
            .takes::<items::NewSupplierItemRequest>()
            .answers::<SupplierItemResponse>(201)
            .errors(&[Code::SupplierNotFound, Code::Duplicate])
            .errors(&PRODUCT_ERRORS),
        patch("/suppliers/{id}/items/{item_id}", MANAGE, items::update)
            .named("updateSupplierItem", "Change the terms of a supplier's item")
            .takes::<items::SupplierItemPatchRequest>()
            .answers::<SupplierItemResponse>(200)
            .errors(&[Code::SupplierNotFound, Code::NotFound]),
        delete("/suppliers/{id}/items/{item_id}", MANAGE, items::delete)
            .named("deleteSupplierItem", "Remove an item from what a supplier sells")
            .answers_nothing(204)
            .errors(&[Code::SupplierNotFound, Code::NotFound]),
    ]
}

fn needs() -> Vec<Endpoint> {
    vec![
        get("/inventory/reorder", Access::Permission(Permission::InventoryRead), reorder::list)
            .named("listReorder", "List what to order next, from sales, lead times and incoming units")
            .sorted_by(&reorder::SORTS, reorder::MOST_NEEDED_FIRST)
            .query::<reorder::ReorderQuery>()
            .lists::<ReorderResponse>()
            .errors(&[Code::SupplierNotFound, Code::LocationNotFound]),
        post("/inventory/reorder", MANAGE, reorder::create)
            .named("reorder", "Make drafts of purchase orders of what is needed, one for each supplier")
            .takes_optionally::<reorder::ReorderRequest>()
            .answers::<ReorderedResponse>(201)
            .errors(&[Code::SupplierNotFound, Code::LocationNotFound, Code::LocationClosed]),
    ]
}

fn orders() -> Vec<Endpoint> {
    vec![
        get("/purchase-orders", MANAGE, purchase_orders::list)
            .named("listPurchaseOrders", "List purchase orders")
            .sorted_by(&purchase_orders::SORTS, NEWEST_FIRST)
            .query::<purchase_orders::PurchaseOrdersQuery>()
            .lists::<PurchaseOrderSummaryResponse>(),
        post("/purchase-orders", MANAGE, purchase_orders::create)
            .named("createPurchaseOrder", "Make a draft of a purchase order")
            .takes::<purchase_orders::NewPurchaseOrderRequest>()
            .of_many_lines()
            .answers::<PurchaseOrderResponse>(201)
            .errors(&PLAN_ERRORS)
            .errors(&PRODUCT_ERRORS),
        get("/purchase-orders/{id}", MANAGE, purchase_orders::show)
            .named("getPurchaseOrder", "Read a purchase order by id or number")
            .answers::<PurchaseOrderResponse>(200)
            .errors(&[Code::PurchaseOrderNotFound]),
        patch("/purchase-orders/{id}", MANAGE, purchase_orders::update)
            .named("updatePurchaseOrder", "Change a draft, or the day, the reference and the notes of an order")
            .takes::<purchase_orders::UpdatePurchaseOrderRequest>()
            .of_many_lines()
            .answers::<PurchaseOrderResponse>(200)
            .errors(&CHANGE_ERRORS)
            .errors(&PLAN_ERRORS)
            .errors(&PRODUCT_ERRORS),
    ]
}

fn acts() -> Vec<Endpoint> {
    vec![
        post("/purchase-orders/{id}/order", MANAGE, purchase_orders::order)
            .named("orderPurchaseOrder", "Order the goods of a draft; they are incoming units from now on")
            .takes_optionally::<purchase_orders::PurchaseOrderVersionRequest>()
            .answers::<PurchaseOrderResponse>(200)
            .errors(&CHANGE_ERRORS)
            .errors(&[Code::LocationClosed]),
        post("/purchase-orders/{id}/draft", MANAGE, purchase_orders::make_draft)
            .named("withdrawPurchaseOrder", "Make an order of which nothing arrived a draft again")
            .takes_optionally::<purchase_orders::PurchaseOrderVersionRequest>()
            .answers::<PurchaseOrderResponse>(200)
            .errors(&CHANGE_ERRORS),
        post("/purchase-orders/{id}/cancel", MANAGE, purchase_orders::cancel)
            .named("cancelPurchaseOrder", "Cancel an order of which nothing arrived")
            .takes_optionally::<purchase_orders::CancelPurchaseOrderRequest>()
            .answers::<PurchaseOrderResponse>(200)
            .errors(&CHANGE_ERRORS),
        post("/purchase-orders/{id}/close", MANAGE, purchase_orders::close)
            .named("closePurchaseOrder", "Close an order; its outstanding units will not arrive")
            .takes::<purchase_orders::ClosePurchaseOrderRequest>()
            .answers::<PurchaseOrderResponse>(200)
            .errors(&CHANGE_ERRORS),
    ]
}

fn receipts() -> Vec<Endpoint> {
    vec![
        post("/purchase-orders/{id}/receive", RECEIVE, purchase_orders::receive)
            .named(
                "receivePurchaseOrder",
                "Receive ordered units; a surplus above the percentage needs `inventory:approve`",
            )
            .takes::<purchase_orders::ReceivePurchaseOrderRequest>()
            .of_many_lines()
            .answers::<PurchaseOrderResponse>(200)
            .errors(&CHANGE_ERRORS)
            .errors(&[Code::LocationClosed, Code::OverReceipt]),
        post("/purchase-orders/{id}/receipts/{number}/reverse", RECEIVE, purchase_orders::reverse)
            .named("reversePurchaseReceipt", "Reverse a receipt, by its number")
            .takes::<ReverseReceiptRequest>()
            .answers::<PurchaseOrderResponse>(200)
            .errors(&CHANGE_ERRORS)
            .errors(&[Code::NotFound, Code::LocationClosed, Code::InsufficientStock]),
        post("/purchase-orders/{id}/receipts/{number}/costs", MANAGE, purchase_orders::correct_costs)
            .named("correctReceiptCosts", "Correct the costs of a receipt, as the supplier bills them")
            .takes::<purchase_orders::CorrectCostsRequest>()
            .of_many_lines()
            .answers::<PurchaseOrderResponse>(200)
            .errors(&CHANGE_ERRORS)
            .errors(&[Code::NotFound]),
    ]
}
