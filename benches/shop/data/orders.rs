//! Orders with everything that belongs to them.

use std::io::{self, Write};

use chrono::TimeDelta;
use diesel::prelude::*;

use super::copy::{NULL, copy, or_null, row};
use super::history::{History, Order, OrderKind};

/// The address of a customer. Names and phones differ, so that searches find few orders.
fn address(user: i64) -> String {
    format!(
        r#"{{"id": 1, "full_name": "Customer {user}", "phone": "+91 98{user:08}", "line1": "12 Market Road", "line2": null, "city": "Pune", "state": "MH", "postal_code": "411001", "country": "IN", "latitude": null, "longitude": null}}"#
    )
}

/// Writes the orders with everything that belongs to them.
pub fn load(conn: &mut PgConnection, history: &History) -> QueryResult<()> {
    copy!(
        conn,
        orders(
            store_id,
            id,
            order_number,
            user_id,
            created_by,
            status,
            payment_status,
            payment_method,
            payment_expires_at,
            paid_at,
            payment_reference,
            received_amount,
            currency,
            subtotal,
            tax_amount,
            shipping_amount,
            discount_amount,
            total_amount,
            total_items,
            shipping_address,
            billing_address,
            checkout,
            created_at,
            updated_at,
            credited_amount,
            credited_items
        ),
        |out| {
            for (order, _) in history.orders() {
                write_order(out, &order)?;
            }
        }
    )?;
    copy!(
        conn,
        order_items(
            store_id,
            id,
            order_id,
            product_id,
            variant_id,
            sku,
            product_name,
            quantity,
            unit_price,
            total_price,
            attributes,
            allocations,
            shipped_quantity,
            cancelled_quantity
        ),
        |out| {
            for (order, _) in history.orders() {
                for (line, id) in order.lines.iter().zip(order.first_item..) {
                    row!(
                        out,
                        order.store,
                        id,
                        order.id,
                        line.product,
                        line.product,
                        format_args!("sku-{}", line.product),
                        format_args!("Product {}", line.product),
                        line.quantity,
                        line.price,
                        line.quantity * line.price,
                        "{\"unit\": \"piece\"}",
                        allocations(&order, line.quantity),
                        shipped(&order, line.quantity),
                        cancelled(&order, line.quantity)
                    );
                }
            }
        }
    )?;
    copy!(conn, order_history(store_id, id, order_id, from_status, to_status, actor, created_at), |out| {
        for (order, _) in history.orders() {
            for (index, (from, to, at)) in order.steps.iter().enumerate() {
                row!(
                    out,
                    order.store,
                    order.step_id(index),
                    order.id,
                    from.unwrap_or(NULL),
                    to,
                    format_args!("user:{}", order.user),
                    at
                );
            }
        }
    })?;
    search_texts(conn, history)?;
    shipments(conn, history)?;
    credits(conn, history)?;
    payments_and_holds(conn, history)
}

/// The search texts, as the job writes them. The feed is empty, so the job has reached its end.
fn search_texts(conn: &mut PgConnection, history: &History) -> QueryResult<()> {
    copy!(conn, order_search(store_id, order_id, search_text), |out| {
        for (order, _) in history.orders() {
            row!(
                out,
                order.store,
                order.id,
                // Line breaks, as COPY writes them.
                format_args!(
                    "{}\\ncustomer {user}\\n+91 98{user:08}\\n9198{user:08}",
                    order.number().to_lowercase(),
                    user = order.user
                )
            );
        }
    })?;
    diesel::sql_query("INSERT INTO order_search_positions (store_id, position) SELECT id, 0 FROM stores")
        .execute(conn)
        .map(drop)
}

fn shipped(order: &Order, quantity: i64) -> i64 {
    if order.is_shipped() { quantity } else { 0 }
}

fn cancelled(order: &Order, quantity: i64) -> i64 {
    if order.kind == OrderKind::Cancelled { quantity } else { 0 }
}

fn allocations(order: &Order, quantity: i64) -> String {
    let store = order.store;
    if cancelled(order, quantity) > 0 {
        return "[]".to_owned();
    }
    match shipped(order, quantity) {
        0 => format!(r#"[{{"location_id": {store}, "quantity": {quantity}}}]"#),
        shipped => format!(r#"[{{"location_id": {store}, "quantity": {quantity}, "shipped_quantity": {shipped}}}]"#),
    }
}

/// Each shipped order has one shipment, whose id is that of the order.
fn shipments(conn: &mut PgConnection, history: &History) -> QueryResult<()> {
    let sent = || history.orders().map(|(order, _)| order).filter(Order::is_shipped);
    copy!(conn, shipments(store_id, id, shipment_number, order_id, actor, created_at, delivered_at), |out| {
        for order in sent() {
            let (_, status, at) = order.last_step();
            let (number, arrived) = (order.number().replacen("ORD", "SHP", 1), (status == "delivered").then_some(at));
            row!(out, order.store, order.id, number, order.id, "system", at, or_null(arrived));
        }
    })?;
    copy!(conn, shipment_lines(store_id, shipment_id, variant_id, location_id, quantity), |out| {
        for order in sent() {
            for line in &order.lines {
                row!(out, order.store, order.id, line.product, order.store, line.quantity);
            }
        }
    })?;
    Ok(())
}

/// Each cancelled order has a credit of the whole.
fn credits(conn: &mut PgConnection, history: &History) -> QueryResult<()> {
    let ended = || history.orders().map(|(order, _)| order).filter(|order| order.kind == OrderKind::Cancelled);
    copy!(
        conn,
        credits(
            store_id,
            id,
            credit_number,
            order_id,
            kind,
            subtotal,
            discount_amount,
            tax_amount,
            included_tax_amount,
            shipping_amount,
            shipping_tax_amount,
            shipping_included_tax_amount,
            fee,
            total_amount,
            used_amount,
            refunded_amount,
            actor,
            created_at
        ),
        |out| {
            for order in ended() {
                let number = order.number().replacen("ORD", "CRN", 1);
                let (id, total, at) = (order.credit_id(), order.total(), order.changed_at);
                let actor = format!("user:{}", order.user);
                row!(
                    out,
                    order.store,
                    id,
                    number,
                    order.id,
                    "cancel",
                    total,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    total,
                    0,
                    0,
                    actor,
                    at
                );
            }
        }
    )?;
    copy!(
        conn,
        credit_lines(
            store_id,
            credit_id,
            variant_id,
            quantity,
            subtotal,
            discount_amount,
            tax_amount,
            included_tax_amount,
            fee
        ),
        |out| {
            for order in ended() {
                for line in &order.lines {
                    let subtotal = line.quantity * line.price;
                    row!(out, order.store, order.credit_id(), line.product, line.quantity, subtotal, 0, 0, 0, 0);
                }
            }
        }
    )?;
    Ok(())
}

fn write_order(out: &mut impl Write, order: &Order) -> io::Result<()> {
    let total = order.total();
    let paid = order.paid_at();
    let in_window = order.kind == OrderKind::PaidInWindow;
    let (_, status, last) = order.last_step();
    let units = order.lines.iter().map(|line| line.quantity).sum::<i64>();
    row!(
        out,
        order.store,
        order.id,
        order.number(),
        order.user,
        order.user,
        status,
        if paid.is_some() { "paid" } else { "pending" },
        if in_window { "upi" } else { "cod" },
        or_null(in_window.then(|| order.at + TimeDelta::minutes(15))),
        or_null(paid),
        or_null(paid.map(|_| format!("pay-{}", order.id))),
        if paid.is_some() { total } else { 0 },
        "INR",
        total,
        0,
        0,
        0,
        total,
        units,
        address(order.user),
        address(order.user),
        format_args!("{}/{}", order.user, order.id),
        order.at,
        last,
        cancelled(order, total),
        cancelled(order, units)
    );
    Ok(())
}

fn payments_and_holds(conn: &mut PgConnection, history: &History) -> QueryResult<()> {
    copy!(conn, order_payments(store_id, id, order_id, kind, reference, amount, actor, created_at), |out| {
        for (order, _) in history.orders() {
            if let Some(at) = order.paid_at() {
                row!(
                    out,
                    order.store,
                    order.payment_id(),
                    order.id,
                    "payment",
                    format_args!("pay-{}", order.id),
                    order.total(),
                    "system",
                    at
                );
            }
        }
    })?;
    copy!(
        conn,
        stock_holds(
            store_id,
            id,
            variant_id,
            location_id,
            quantity,
            holder_kind,
            holder_id,
            state,
            expires_at,
            created_at,
            ended_at
        ),
        |out| {
            for (order, _) in history.orders().filter(|(order, _)| order.kind == OrderKind::PaidInWindow) {
                for (line, id) in order.lines.iter().zip(order.first_hold..) {
                    row!(
                        out,
                        order.store,
                        id,
                        line.product,
                        order.store,
                        line.quantity,
                        "order",
                        order.id,
                        "sold",
                        order.at + TimeDelta::minutes(15),
                        order.at,
                        order.changed_at
                    );
                }
            }
        }
    )?;
    Ok(())
}
