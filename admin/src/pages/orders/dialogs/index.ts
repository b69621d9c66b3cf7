import { lazy, type ComponentType } from 'react';

// The code of dialogs is loaded when the first one opens.

const life = () => import('./LifeDialogs');
const money = () => import('./MoneyDialogs');
const shipments = () => import('./ShipmentDialogs');
const returns = () => import('./ReturnDialogs');

type AnyComponent = ComponentType<any>;

function named<K extends string, M extends Record<K, AnyComponent>>(load: () => Promise<M>, name: K) {
  return lazy<M[K]>(async () => ({ default: (await load())[name] }));
}

export const ShipDialog = lazy(() => import('./ShipDialog'));
export const RerouteDialog = lazy(() => import('./RerouteDialog'));
export const ExchangeDialog = lazy(() => import('./ExchangeDialog'));
export const ReceiveReturnDialog = lazy(() => import('./ReceiveReturnDialog'));
export const PackDialog = named(life, 'PackDialog');
export const DeliveredAllDialog = named(life, 'DeliveredAllDialog');
export const ReadyDialog = named(life, 'ReadyDialog');
export const CollectedDialog = named(life, 'CollectedDialog');
export const CancelDialog = named(life, 'CancelDialog');
export const CancelLinesDialog = named(life, 'CancelLinesDialog');
export const NotesDialog = named(life, 'NotesDialog');
export const InvoiceDialog = named(life, 'InvoiceDialog');
export const ConfirmPaymentDialog = named(money, 'ConfirmPaymentDialog');
export const FailPaymentDialog = named(money, 'FailPaymentDialog');
export const RefundDialog = named(money, 'RefundDialog');
export const CreditDialog = named(money, 'CreditDialog');
export const DeliveredDialog = named(shipments, 'DeliveredDialog');
export const LostDialog = named(shipments, 'LostDialog');
export const TrackingDialog = named(shipments, 'TrackingDialog');
export const NewReturnDialog = named(returns, 'NewReturnDialog');
export const ApproveReturnDialog = named(returns, 'ApproveReturnDialog');
export const RejectReturnDialog = named(returns, 'RejectReturnDialog');
export const CancelReturnDialog = named(returns, 'CancelReturnDialog');
