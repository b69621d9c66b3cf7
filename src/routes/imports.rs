//! Imports of files of rows, and exports.

use crate::auth::{Access, Permission};
use crate::error::Code;
use crate::imports::api::bulk::{self, BulkQuery, ProductRowRequest};
use crate::imports::api::exports::{self, ExportQuery};
use crate::imports::api::imports::{self, ImportQuery, RowsQuery};
use crate::imports::api::refused_rows;
use crate::imports::api::response::{BulkResponse, ImportResponse, ImportRowResponse};
use crate::imports::export::xlsx::XLSX;
use crate::openapi::Endpoint;
use crate::openapi::endpoint::{CSV, get, patch, post};

const IMPORT: Access =
    Access::Any(&[Permission::ProductsWrite, Permission::InventoryUpdate, Permission::PurchasingManage]);

pub(super) fn imports() -> Vec<Endpoint> {
    vec![
        post("/imports", IMPORT, imports::create)
            .named("createImport", "Import a file of rows; a long one goes on after the response")
            .query::<ImportQuery>()
            .takes_file()
            .answers::<ImportResponse>(201)
            .answers_again(202),
        get("/imports/{id}", IMPORT, imports::show)
            .named("getImport", "Read an import with the numbers of its rows")
            .answers::<ImportResponse>(200)
            .errors(&[Code::ImportNotFound]),
        get("/imports/{id}/rows", IMPORT, imports::list_rows)
            .named("listImportRows", "List the rows of an import with their results")
            .query::<RowsQuery>()
            .sorted_by(&imports::SORTS, imports::FIRST_ROW_FIRST)
            .lists::<ImportRowResponse>()
            .errors(&[Code::ImportNotFound]),
        get("/imports/{id}/refused.csv", IMPORT, refused_rows::download)
            .named("getRefusedRows", "Download the refused rows with their errors, to be corrected and sent again")
            .answers_text(CSV)
            .errors(&[Code::ImportNotFound]),
    ]
}

pub(super) fn exports() -> Vec<Endpoint> {
    let export = Access::Any(&[
        Permission::InventoryRead,
        Permission::OrdersRead,
        Permission::UsersManage,
        Permission::PurchasingManage,
    ]);
    vec![
        get("/exports", export, exports::download)
            .named("exportRows", "Download the rows of a store, with the columns of an import")
            .query::<ExportQuery>()
            .answers_text(CSV)
            .answers_file_too(XLSX),
    ]
}

/// The path comes before that of a product.
pub(super) fn bulk() -> Vec<Endpoint> {
    let write = Access::Permission(Permission::ProductsWrite);
    vec![
        post("/inventory/products/bulk", write, bulk::create)
            .named("createProducts", "Create or change up to 500 products and sizes by rows of an import")
            .query::<BulkQuery>()
            .takes_rows_of::<ProductRowRequest>()
            .of_many_lines()
            .answers::<BulkResponse>(201),
        patch("/inventory/products/bulk", write, bulk::update)
            .named("updateProducts", "Change or create up to 500 products and sizes by rows of an import")
            .query::<BulkQuery>()
            .takes_rows_of::<ProductRowRequest>()
            .of_many_lines()
            .answers::<BulkResponse>(200),
    ]
}
