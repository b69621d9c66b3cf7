import type { Schemas } from '../api/client';

/** Where the server serves the desk. */
export const BASE_PATH = '/admin';

/** The paths of pages about one thing. A link to a page that does not exist yet is not shown: see `usePageExists`. */
export const pathTo = {
  order: (number: string) => `/orders/${encodeURIComponent(number)}`,
  invoice: (orderNumber: string) => `/orders/${encodeURIComponent(orderNumber)}/invoice`,
  /** The packing slips of orders, to print them together. */
  slips: (orderNumbers: string[]) => `/orders/slips?numbers=${orderNumbers.map(encodeURIComponent).join(',')}`,
  /** The packing slip of one shipment. */
  shipmentSlip: (orderNumber: string, shipmentNumber: string) =>
    `/orders/slips?numbers=${encodeURIComponent(orderNumber)}&shipment=${encodeURIComponent(shipmentNumber)}`,
  product: (id: number) => `/products/${id}`,
  count: (number: string) => `/counts/${encodeURIComponent(number)}`,
  transfer: (number: string) => `/transfers/${encodeURIComponent(number)}`,
  purchaseOrder: (number: string) => `/purchasing/${encodeURIComponent(number)}`,
};

/** The page of a scanned document. A return is shown on the page of its order, which its own page finds. */
export function pathToDocument(document: Schemas['DocumentResponse']): string {
  switch (document.kind) {
    case 'order':
      return pathTo.order(document.number);
    case 'transfer':
      return pathTo.transfer(document.number);
    case 'purchase':
      return pathTo.purchaseOrder(document.number);
    case 'count':
      return pathTo.count(document.number);
    case 'return':
      return `/returns/${encodeURIComponent(document.number)}`;
  }
}
