import { useSession } from '../../api/session';
import { texts } from '../../texts';
import { useFormats } from '../../ui/format';
import { nameWithSize } from '../../ui/product';
import { addressLines } from './address';
import { Barcode } from './Barcode';
import { customerOf, sum, unshippedByPlace, type Order, type Shipment } from './order';
import { usePlaceName } from './places';
import classes from './paper.module.css';

const t = texts.orders.slips;

interface SlipLine {
  key: string;
  name: string;
  sku: string;
  placeId: number;
  quantity: number;
}

/**
 * A packing slip. Of an order, it lists what is to be packed, or if nothing is left, what was shipped; of a shipment, what
 * is in it. It shows no prices. The barcode is the order's number: a scan of it opens the order.
 */
export function Slip({ order, shipment }: { order: Order; shipment?: Shipment }) {
  const { store } = useSession();
  const { quantity, date } = useFormats();
  const placeName = usePlaceName(order);
  const lines = linesOf(order, shipment);
  return (
    <article className={classes.sheet} aria-label={`${t.one} ${order.order_number}`}>
      <div className={classes.head}>
        <div>
          <div className={classes.seller}>{store.name}</div>
          <h2 className={classes.kind}>{t.one}</h2>
        </div>
        <div className={classes.code}>
          <Barcode code={order.order_number} />
          <div className={classes.codeText}>{order.order_number}</div>
        </div>
      </div>
      <dl className={classes.facts}>
        <Receiver order={order} />
        <div>
          <dt>{t.placed}</dt>
          <dd>{date(order.created_at)}</dd>
        </div>
        {shipment && (
          <div>
            <dt>{t.shipment}</dt>
            <dd>{[shipment.shipment_number, shipment.carrier, shipment.tracking_number].filter(Boolean).join('\n')}</dd>
          </div>
        )}
      </dl>
      {lines.length === 0 ? (
        <p>{t.nothing}</p>
      ) : (
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">{t.product}</th>
              <th scope="col">{t.from}</th>
              <th scope="col" data-align="right">
                {t.units}
              </th>
              <th scope="col" data-align="middle">
                {t.packed}
              </th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <tr key={line.key}>
                <td>
                  {line.name}
                  <div className={classes.sku}>{line.sku}</div>
                </td>
                <td>{placeName(line.placeId)}</td>
                <td data-align="right" className={classes.units}>
                  {quantity(line.quantity)}
                </td>
                <td data-align="middle">
                  <span className={classes.box} />
                </td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <td colSpan={2}>{t.total}</td>
              <td data-align="right">{quantity(sum(lines.map((line) => line.quantity)))}</td>
              <td />
            </tr>
          </tfoot>
        </table>
      )}
      {order.notes && (
        <p className={classes.notes}>
          <strong>{t.notes}:</strong> {order.notes}
        </p>
      )}
    </article>
  );
}

function Receiver({ order }: { order: Order }) {
  const placeName = usePlaceName(order);
  const isCollected = order.pickup_location_id !== null;
  const address = order.shipping_address ? addressLines(order.shipping_address) : [customerOf(order), order.delivery_address, order.customer_phone];
  return (
    <>
      {isCollected && (
        <div>
          <dt>{t.collectAt}</dt>
          <dd>{placeName(order.pickup_location_id ?? 0)}</dd>
        </div>
      )}
      <div>
        <dt>{isCollected ? texts.orders.customer.title : t.shipTo}</dt>
        <dd className={classes.address}>{address.filter(Boolean).join('\n')}</dd>
      </div>
    </>
  );
}

function linesOf(order: Order, shipment: Shipment | undefined): SlipLine[] {
  if (!shipment) {
    const open = unshippedByPlace(order);
    if (open.length > 0) {
      return open.map(({ item, placeId, quantity }) => ({ key: `${item.id}@${placeId}`, name: nameWithSize(item), sku: item.sku, placeId, quantity }));
    }
  }
  const shipments = shipment ? [shipment] : order.shipments;
  return shipments.flatMap((one) =>
    one.lines.map((line) => ({
      key: `${one.id}:${line.item_id}@${line.location_id}`,
      name: nameWithSize(line),
      sku: line.sku,
      placeId: line.location_id,
      quantity: line.quantity,
    })),
  );
}
