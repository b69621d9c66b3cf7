// The day of an administrator: orders, stock and figures.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Api, answered, refused, signIn } from "./client.js";

async function placeOrder(api: Api) {
    const items = [{ product_id: "prod_001", quantity: 2 }];
    return answered(await api.POST("/orders", { body: { items, customer_name: "Meera Iyer" } }));
}

test("an administrator moves an order from pending to shipped", async () => {
    const api = await signIn("admin@example.com");
    const order = await placeOrder(api);
    const query = { status: "pending", sort: "-created_at", limit: 5 } as const;
    const pending = answered(await api.GET("/orders", { params: { query } }));
    assert.equal(pending.items[0]?.id, order.id);

    const params = { path: { id: order.order_number } };
    for (const status of ["processing", "shipped"] as const) {
        const moved = answered(await api.PUT("/orders/{id}", { params, body: { status, tracking_number: "IN-4711" } }));
        assert.equal(moved.status, status);
    }
    const problem = refused(await api.PUT("/orders/{id}", { params, body: { status: "processing" } }));
    assert.equal(problem.code, "INVALID_TRANSITION");
});

test("an administrator receives units, counts them, and reads the ledger", async () => {
    const api = await signIn("admin@example.com");
    const params = { path: { id: "prod_006" } };
    const product = answered(await api.GET("/inventory/products/{id}", { params }));
    const received = answered(
        await api.PUT("/inventory/products/{id}/stock", {
            params,
            body: { movement_type: "in", quantity: 12, reason: "Delivery" },
        }),
    );
    assert.equal(received.new_stock, product.stock_quantity + 12);
    const counted = answered(
        await api.PUT("/inventory/products/{id}/stock", {
            params,
            body: {
                movement_type: "adjustment",
                quantity: product.stock_quantity,
                reason: "Counted",
                expected_stock: received.new_stock,
            },
        }),
    );
    assert.equal(counted.new_stock, product.stock_quantity);

    const movements = answered(await api.GET("/inventory/products/{id}/movements", { params }));
    assert.deepEqual(
        movements.items.slice(0, 2).map(movement => [movement.kind, movement.stock_delta]),
        [
            ["adjust", -12],
            ["receive", 12],
        ],
    );
    const low = answered(await api.GET("/inventory/products/low-stock"));
    assert.ok(low.items.some(one => one.sku === "prod_006" && one.stock_status !== "in_stock"));
});

test("an administrator reads the statistics and the audit", async () => {
    const api = await signIn("admin@example.com");
    const before = answered(await api.GET("/orders/statistics"));
    const order = await placeOrder(api);
    const statistics = answered(await api.GET("/orders/statistics"));
    assert.equal(statistics.total_orders, before.total_orders + 1);
    assert.equal(statistics.by_status["pending"], (before.by_status["pending"] ?? 0) + 1);
    assert.ok(Math.abs(statistics.revenue - before.revenue - order.total_amount) < 0.005);

    const query = { entity: "Order", entity_id: order.id } as const;
    const audit = answered(await api.GET("/audit", { params: { query } }));
    assert.deepEqual(
        audit.items.map(entry => entry.action),
        ["CREATE"],
    );
});
