"""The day of an administrator: orders, stock and figures."""

import pytest
from conftest import answered, refused
from stockroom_client import AuthenticatedClient
from stockroom_client.api.audit import list_audit_entries
from stockroom_client.api.inventory import change_stock, get_product, list_low_stock, list_product_movements
from stockroom_client.api.orders import get_order_statistics, list_orders, place_order, update_order
from stockroom_client.models import (
    AuditEntryResponseList,
    Code,
    ListAuditEntriesEntity,
    ListOrdersSort,
    ListProductMovementsSort,
    MovementResponseList,
    MovementType,
    OrderItemRequest,
    OrderRequest,
    OrderResponse,
    OrderResponseList,
    OrderStatus,
    ProductResponse,
    ProductResponseList,
    StatisticsResponse,
    StockChangeRequest,
    StockChangeResponse,
    StockStatus,
    UpdateOrderRequest,
)


def order_by_telephone(client: AuthenticatedClient) -> OrderResponse:
    items = [OrderItemRequest(product_id="prod_001", quantity=2)]
    body = OrderRequest(items=items, customer_name="Meera Iyer")
    return answered(place_order.sync_detailed(client=client, body=body), OrderResponse)


def test_an_administrator_moves_an_order_from_pending_to_shipped(admin: AuthenticatedClient) -> None:
    order = order_by_telephone(admin)
    newest = ListOrdersSort.CREATED_AT_DESC
    pending = list_orders.sync_detailed(client=admin, status=OrderStatus.PENDING, sort=newest, limit=5)
    assert answered(pending, OrderResponseList).items[0].id == order.id
    for status in [OrderStatus.PROCESSING, OrderStatus.SHIPPED]:
        body = UpdateOrderRequest(status=status, tracking_number="IN-4711")
        moved = answered(update_order.sync_detailed(order.order_number, client=admin, body=body), OrderResponse)
        assert moved.status is status
    body = UpdateOrderRequest(status=OrderStatus.PROCESSING)
    problem = refused(update_order.sync_detailed(order.order_number, client=admin, body=body))
    assert problem.code is Code.INVALID_TRANSITION


def test_an_administrator_receives_units_counts_them_and_reads_the_ledger(admin: AuthenticatedClient) -> None:
    before = answered(get_product.sync_detailed("prod_006", client=admin), ProductResponse).stock_quantity
    delivery = StockChangeRequest(movement_type=MovementType.IN, quantity=12, reason="Delivery")
    received = answered(change_stock.sync_detailed("prod_006", client=admin, body=delivery), StockChangeResponse)
    assert received.new_stock == before + 12
    count = StockChangeRequest(
        movement_type=MovementType.ADJUSTMENT,
        quantity=before,
        reason="Counted",
        expected_stock=received.new_stock,
    )
    counted = answered(change_stock.sync_detailed("prod_006", client=admin, body=count), StockChangeResponse)
    assert counted.new_stock == before

    movements = list_product_movements.sync_detailed("prod_006", client=admin)
    latest = answered(movements, MovementResponseList).items[:2]
    assert [(movement.kind.value, movement.stock_delta) for movement in latest] == [("adjust", -12), ("receive", 12)]
    oldest = list_product_movements.sync_detailed("prod_006", client=admin, sort=ListProductMovementsSort.ID, limit=1)
    assert answered(oldest, MovementResponseList).items[0].id <= latest[1].id
    low = answered(list_low_stock.sync_detailed(client=admin), ProductResponseList).items
    assert any(one.sku == "prod_006" and one.stock_status is not StockStatus.IN_STOCK for one in low)


def test_an_administrator_reads_the_statistics_and_the_audit(admin: AuthenticatedClient) -> None:
    before = answered(get_order_statistics.sync_detailed(client=admin), StatisticsResponse)
    order = order_by_telephone(admin)
    after = answered(get_order_statistics.sync_detailed(client=admin), StatisticsResponse)
    assert after.total_orders == before.total_orders + 1
    assert after.revenue == pytest.approx(before.revenue + order.total_amount)

    entries = list_audit_entries.sync_detailed(client=admin, entity=ListAuditEntriesEntity.ORDER, entity_id=order.id)
    assert [entry.action for entry in answered(entries, AuditEntryResponseList).items] == ["CREATE"]
