// The first purchase, and a refusal.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { answered, refused, signIn } from "./client.js";

const size = "M";
const shirt = { params: { path: { id: "tee-red", qty: 5 }, query: { size } } };

test("a customer buys five shirts, cancels the order, and the stock returns", async () => {
    const api = await signIn("customer@example.com");
    const before = answered(await api.GET("/inventory/products/{id}/availability/{qty}", shirt));
    assert.equal(before.available, true);

    const address = answered(
        await api.POST("/addresses", {
            body: {
                full_name: "Asha Rao",
                phone: "+91 98450-12345",
                line1: "12 Lake View Road",
                city: "Bengaluru",
                postal_code: "560001",
                country: "IN",
            },
        }),
    );
    const cart = answered(await api.POST("/cart/items", { body: { product_id: "tee-red", size, quantity: 5 } }));
    assert.equal(cart.total_amount, 150);
    assert.equal(cart.items[0]?.sku, "tee-red-M");

    const purchase = {
        params: { header: { "Idempotency-Key": randomUUID() } },
        body: { shipping_address_id: address.id, expected_total: cart.total_amount },
    };
    const order = answered(await api.POST("/checkout", purchase));
    assert.equal(order.status, "pending");
    assert.equal(order.shipping_address?.city, "Bengaluru");
    const again = await api.POST("/checkout", purchase);
    assert.equal(answered(again).order_number, order.order_number);
    assert.equal(again.response.headers.get("Idempotent-Replayed"), "true");

    const during = answered(await api.GET("/inventory/products/{id}/availability/{qty}", shirt));
    assert.equal(during.available_quantity, before.available_quantity - 5);

    const params = { path: { id: String(order.id) } };
    const cancelled = answered(await api.POST("/orders/{id}/cancel", { params, body: { reason: "Changed my mind" } }));
    assert.equal(cancelled.status, "cancelled");
    assert.deepEqual(cancelled.next_statuses, []);
    const history = answered(await api.GET("/orders/{id}/history", { params }));
    assert.deepEqual(
        history.map(step => step.to),
        ["pending", "cancelled"],
    );
    const after = answered(await api.GET("/inventory/products/{id}/availability/{qty}", shirt));
    assert.equal(after.available_quantity, before.available_quantity);
});

test("an order of more than there is names every short line", async () => {
    const api = await signIn("customer@example.com");
    const problem = refused(
        await api.POST("/orders", {
            body: {
                items: [
                    { product_id: "tee-red", size, quantity: 1000 },
                    { product_id: "prod_006", quantity: 1 },
                ],
            },
        }),
    );
    assert.equal(problem.code, "INSUFFICIENT_STOCK");
    const shortages = problem.stock_errors?.map(line => [line.sku, line.requested_quantity, line.shortage > 0]);
    assert.deepEqual(shortages, [
        ["tee-red-M", 1000, true],
        ["prod_006", 1, true],
    ]);
});

test("a refused field is named", async () => {
    const api = await signIn("customer@example.com");
    const problem = refused(await api.POST("/cart/items", { body: { product_id: "prod_001", quantity: 0 } }));
    assert.equal(problem.code, "VALIDATION_FAILED");
    assert.equal(problem.errors?.[0]?.field, "quantity");
});
