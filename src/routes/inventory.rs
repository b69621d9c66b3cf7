//! Products, their stock, and reports.

use crate::audit::api as audit;
use crate::auth::{Access, Permission};
use crate::error::Code;
use crate::kernel::page::PageQuery;
use crate::openapi::Endpoint;
use crate::openapi::endpoint::{delete, get, patch, post, put};
use crate::reports::api as reports;
use crate::reports::verify::VerifyResponse;
use crate::scan::api as scan;

const FEED_ORDER: &str =
    "The order of the list; `-` before a column means descending. Without it `-id`, or with `after` always `id`";

const LEDGER_ORDER: &str = "The order of the list; `-` before a column means descending. Without it `-id`, or \
     `-created_at` with `from` or `to`, or with `after` always `id`";

pub(super) fn reports() -> Vec<Endpoint> {
    let read = Access::Permission(Permission::InventoryRead);
    vec![
        get("/inventory/verify", read, reports::verify)
            .named("verifyInventory", "Check every invariant in the database itself")
            .query::<reports::VerifyQuery>()
            .answers::<VerifyResponse>(200),
        get("/audit", Access::Permission(Permission::AuditRead), audit::list)
            .named("listAuditEntries", "List the audit of all writes, newest first")
            .query::<PageQuery>()
            .feed_sorted_by(&audit::SORTS, FEED_ORDER)
            .query::<audit::AuditQuery>()
            .lists_feed::<audit::AuditEntryResponse>(),
    ]
}

pub(super) fn products() -> Vec<Endpoint> {
    use crate::inventory::api::answers::ProductResponse;
    use crate::inventory::api::{create_product, products, update_product};
    vec![
        get("/inventory/products", Access::Public, products::list)
            .named("listProducts", "List products with their stock")
            .query::<products::ProductsQuery>()
            .sorted_by(&products::SORTS, products::FIRST_BY_ID)
            .lists::<ProductResponse>(),
        post("/inventory/products", Access::Permission(Permission::ProductsWrite), create_product::create)
            .named("createProduct", "Create a product with its sizes and their initial stock")
            .takes::<create_product::NewProductRequest>()
            .answers::<ProductResponse>(201)
            .errors(&[Code::Duplicate, Code::InvalidBarcode, Code::LocationClosed]),
        get("/inventory/products/low-stock", Access::Permission(Permission::InventoryRead), products::list_low_stock)
            .named("listLowStock", "List products at or under their minimum, lowest first")
            .sorted_by(&products::LOW_STOCK_SORTS, products::WORST_FIRST)
            .lists::<ProductResponse>(),
        get("/inventory/products/{id}", Access::Public, products::show)
            .named("getProduct", "Read a product by id or SKU")
            .answers::<ProductResponse>(200)
            .errors(&[Code::ProductNotFound]),
        patch("/inventory/products/{id}", Access::Permission(Permission::ProductsWrite), update_product::update)
            .named("updateProduct", "Change a product, or add sizes to it")
            .takes::<update_product::UpdateProductRequest>()
            .answers::<ProductResponse>(200)
            .errors(&[Code::ProductNotFound, Code::Duplicate, Code::InvalidBarcode, Code::LocationClosed]),
        delete("/inventory/products/{id}", Access::Permission(Permission::ProductsWrite), update_product::archive)
            .named("archiveProduct", "Archive a product: it cannot be sold any more, its history stays")
            .answers::<ProductResponse>(200)
            .errors(&[Code::ProductNotFound]),
    ]
}

pub(super) fn barcodes() -> Vec<Endpoint> {
    use crate::inventory::api::barcodes;
    let write = Access::Permission(Permission::ProductsWrite);
    vec![
        get("/inventory/products/{id}/barcodes", Access::Public, barcodes::list)
            .named("listBarcodes", "List the barcodes of a product with the units of each")
            .sorted_by(&barcodes::SORTS, barcodes::FIRST_ONES_FIRST)
            .lists::<barcodes::BarcodeResponse>()
            .errors(&[Code::ProductNotFound]),
        post("/inventory/products/{id}/barcodes", write, barcodes::create)
            .named("addBarcode", "Add a barcode to a product or to one of its sizes")
            .takes::<barcodes::NewBarcodeRequest>()
            .answers::<barcodes::BarcodeResponse>(201)
            .errors(&[Code::ProductNotFound, Code::SizeNotFound, Code::SizeRequired])
            .errors(&[Code::InvalidBarcode, Code::Duplicate]),
        delete("/inventory/products/{id}/barcodes/{code}", write, barcodes::delete)
            .named("removeBarcode", "Remove a barcode; the next one becomes the first")
            .answers_nothing(204)
            .errors(&[Code::ProductNotFound, Code::NotFound]),
        get("/inventory/scan/{code}", Access::Public, scan::show)
            .named("scanCode", "Find what a scanned code stands for: a barcode, a SKU, or the number of a document")
            .description(
                "Barcodes first, then SKUs, then numbers of orders, shipments, transfers, purchase orders, receipts and \
                 counts. Everyone sees the product, staff with `inventory:read` also its stock and its open documents. \
                 Documents are found with the permission to read them.",
            )
            .answers::<scan::ScanResponse>(200)
            .errors(&[Code::NotFound, Code::InvalidBarcode]),
    ]
}

pub(super) fn stock() -> Vec<Endpoint> {
    use crate::inventory::api::answers::ProductResponse;
    use crate::inventory::api::{
        availability, explain, history, movements, moves, products, safety, stock, summary, supply,
    };
    use crate::inventory::valuation::api as valuation;
    let read = Access::Permission(Permission::InventoryRead);
    vec![
        get("/inventory/products/{id}/availability/{qty}", Access::Public, availability::show)
            .named("getAvailability", "Check if a quantity can be bought")
            .query::<availability::SizeQuery>()
            .answers::<availability::AvailabilityResponse>(200)
            .errors(&[Code::ProductNotFound, Code::SizeNotFound]),
        post("/inventory/availability", Access::Public, availability::check)
            .named("checkAvailability", "Check if several lines can be bought together")
            .takes::<availability::AvailabilityRequest>()
            .answers::<availability::AvailabilityListResponse>(200)
            .errors(&[Code::ProductNotFound, Code::SizeNotFound, Code::SizeRequired])
            .without_key(),
        put("/inventory/products/{id}/stock", Access::Permission(Permission::InventoryUpdate), stock::update)
            .named("changeStock", "Add, remove or count stock")
            .takes::<stock::StockChangeRequest>()
            .answers::<stock::StockChangeResponse>(200)
            .errors(&[Code::ProductNotFound, Code::SizeNotFound, Code::SizeRequired, Code::LocationNotFound])
            .errors(&[Code::InsufficientStock, Code::StockBelowReserved, Code::StaleStock, Code::LocationClosed]),
        put("/inventory/products/{id}/safety", Access::Permission(Permission::InventoryUpdate), safety::update)
            .named("setSafetyStock", "Set the units at a location that buyers never get")
            .takes::<safety::SafetyRequest>()
            .answers::<safety::VariantLevelResponse>(200)
            .errors(&[Code::ProductNotFound, Code::SizeNotFound, Code::SizeRequired, Code::LocationNotFound])
            .errors(&[Code::LocationClosed]),
        post("/inventory/products/{id}/move", Access::Permission(Permission::InventoryUpdate), moves::create)
            .named("moveStock", "Move units between a location and its quarantine, or scrap them")
            .takes::<moves::MoveRequest>()
            .answers::<moves::MoveResponse>(200)
            .errors(&[Code::ProductNotFound, Code::SizeNotFound, Code::SizeRequired, Code::LocationNotFound])
            .errors(&[Code::LocationClosed, Code::InsufficientStock]),
        get("/inventory/products/{id}/stock", read, stock::show)
            .named("getStock", "Read a product's stock by location")
            .query::<availability::SizeQuery>()
            .answers::<stock::StockResponse>(200)
            .errors(&[Code::ProductNotFound, Code::SizeNotFound]),
        get("/inventory/products/{id}/supply", Access::Public, supply::show)
            .named("getSupply", "Read when more units of a product will arrive")
            .query::<availability::SizeQuery>()
            .answers::<supply::SupplyResponse>(200)
            .errors(&[Code::ProductNotFound, Code::SizeNotFound]),
        get("/inventory/products/{id}/history", read, history::show)
            .named("getStockHistory", "Read a product's stock over time, by hour or day")
            .query::<availability::SizeQuery>()
            .query::<history::HistoryQuery>()
            .answers::<history::StockHistoryResponse>(200)
            .errors(&[Code::ProductNotFound, Code::SizeNotFound, Code::LocationNotFound]),
        get("/inventory/products/{id}/explain", read, explain::show)
            .named(
                "explainStock",
                "Read the holds, sold units, thresholds and incoming lines that make up a product's figures",
            )
            .query::<availability::SizeQuery>()
            .answers::<explain::ExplanationResponse>(200)
            .errors(&[Code::ProductNotFound, Code::SizeNotFound]),
        get("/inventory/incoming", read, supply::list_incoming)
            .named("listIncoming", "List the units on the road and the ordered units, soonest first")
            .query::<supply::IncomingQuery>()
            .sorted_by(&supply::SORTS, supply::SOONEST_FIRST)
            .lists::<supply::IncomingResponse>(),
        get("/inventory/products/{id}/movements", read, movements::list_of_product)
            .named("listProductMovements", "Read the ledger of a product")
            .query::<movements::MovementsQuery>()
            .feed_sorted_by(&movements::SORTS, FEED_ORDER)
            .query::<PageQuery>()
            .lists_feed::<movements::MovementResponse>()
            .errors(&[Code::ProductNotFound]),
        get("/inventory/products/{store_id}/{product_id}", Access::Public, products::show_in_store)
            .named("getProductOfStore", "Read a product of the store in the path")
            .answers::<ProductResponse>(200)
            .errors(&[Code::ProductNotFound]),
        get("/inventory/movements", read, movements::list)
            .named("listMovements", "Read the ledger of the store")
            .query::<movements::MovementsQuery>()
            .feed_sorted_by(&movements::SORTS, LEDGER_ORDER)
            .query::<PageQuery>()
            .lists_feed::<movements::MovementResponse>(),
        get("/inventory/valuation", read, valuation::show)
            .named("getValuation", "Read the value of the stock and the cost of goods sold")
            .query::<valuation::ValuationQuery>()
            .sorted_by(&valuation::SORTS, valuation::FIRST_BY_VARIANT)
            .answers::<valuation::ValuationResponse>(200),
        get("/inventory/summary", read, summary::show)
            .named("getInventorySummary", "Read the totals of all stock")
            .answers::<summary::SummaryResponse>(200),
        get("/inventory/inventory/summary", read, summary::show)
            .named("getInventorySummaryAlias", "Read the totals of all stock (same as `GET /inventory/summary`)")
            .answers::<summary::SummaryResponse>(200),
        get("/inventory", read, summary::list_levels)
            .named("listStockLevels", "List stock by variant and location, now or at a time in the past")
            .query::<summary::LevelsQuery>()
            .sorted_by(&summary::SORTS, summary::FIRST_BY_VARIANT)
            .lists::<summary::LevelResponse>(),
    ]
}
