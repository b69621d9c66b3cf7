import {
  IconChartBar,
  IconClipboardCheck,
  IconHome,
  IconPackage,
  IconReceipt,
  IconSettings,
  IconShoppingCart,
  IconTruck,
  IconUser,
  type Icon,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';

import type { Needs } from '../api/session';
import { texts } from '../texts';

/** The groups of the navigation, in its order. A group without a page that the account may see is not shown. */
export type Group = 'today' | 'orders' | 'stock' | 'counts' | 'transfers' | 'purchasing' | 'reports' | 'settings' | 'account';

export interface Page {
  /** The path below `/admin`. `$name` is a parameter: `usePathParam('name')`. */
  path: string;
  group: Group;
  /** The name of the page, and of the link to it. */
  title: string;
  /** Shown in the navigation. A page with a parameter never is. The first one of a group needs an icon. */
  icon?: Icon;
  inNavigation?: boolean;
  /** What an account needs to see it. */
  needs?: Needs;
  /** The letter after `g` that opens it. */
  shortcut?: string;
  load: () => Promise<{ default: ComponentType }>;
}

/** All pages. Add yours under its group; nothing else has to know it. */
export const pages: Page[] = [
  // Today
  {
    path: '/',
    group: 'today',
    title: texts.today.title,
    icon: IconHome,
    inNavigation: true,
    shortcut: 'h',
    load: () => import('./today/TodayPage'),
  },

  // Orders
  {
    path: '/orders',
    group: 'orders',
    title: texts.orders.title,
    icon: IconReceipt,
    inNavigation: true,
    needs: 'orders:read',
    shortcut: 'o',
    load: () => import('./orders/OrdersPage'),
  },
  { path: '/orders/new', group: 'orders', title: texts.orders.create.title, needs: 'orders:create', load: () => import('./orders/NewOrderPage') },
  { path: '/orders/slips', group: 'orders', title: texts.orders.slips.title, needs: 'orders:read', load: () => import('./orders/SlipsPage') },
  { path: '/orders/$number', group: 'orders', title: texts.orders.title, needs: 'orders:read', load: () => import('./orders/OrderPage') },
  {
    path: '/orders/$number/invoice',
    group: 'orders',
    title: texts.orders.invoice.panel,
    needs: 'orders:read',
    load: () => import('./orders/InvoicePage'),
  },
  { path: '/returns/$number', group: 'orders', title: texts.orders.returnPage.title, needs: 'orders:read', load: () => import('./orders/ReturnPage') },

  // Stock and products
  {
    path: '/stock',
    group: 'stock',
    title: texts.stock.overview,
    icon: IconPackage,
    inNavigation: true,
    needs: 'inventory:read',
    shortcut: 's',
    load: () => import('./stock/StockPage'),
  },
  {
    path: '/stock/levels',
    group: 'stock',
    title: texts.stock.levels,
    inNavigation: true,
    needs: 'inventory:read',
    load: () => import('./stock/LevelsPage'),
  },
  {
    path: '/stock/movements',
    group: 'stock',
    title: texts.stock.movements,
    inNavigation: true,
    needs: 'inventory:read',
    load: () => import('./stock/MovementsPage'),
  },
  {
    path: '/stock/reservations',
    group: 'stock',
    title: texts.stock.reservations,
    inNavigation: true,
    needs: 'inventory:update',
    load: () => import('./stock/ReservationsPage'),
  },
  {
    path: '/products',
    group: 'stock',
    title: texts.stock.products,
    inNavigation: true,
    needs: ['inventory:read', 'products:write'],
    load: () => import('./products/ProductsPage'),
  },
  {
    path: '/products/edit',
    group: 'stock',
    title: texts.stock.bulkEdit,
    inNavigation: true,
    needs: 'products:write',
    load: () => import('./products/BulkEditPage'),
  },
  {
    path: '/products/import',
    group: 'stock',
    title: texts.stock.importExport,
    inNavigation: true,
    needs: ['products:write', 'inventory:update', 'purchasing:manage', 'inventory:read'],
    load: () => import('./products/ImportPage'),
  },
  {
    path: '/products/$id',
    group: 'stock',
    title: texts.stock.product,
    needs: ['inventory:read', 'products:write'],
    load: () => import('./products/ProductPage'),
  },

  // Counts
  {
    path: '/counts',
    group: 'counts',
    title: texts.counts.title,
    icon: IconClipboardCheck,
    inNavigation: true,
    needs: 'inventory:count',
    shortcut: 'c',
    load: () => import('./counts/CountsPage'),
  },
  { path: '/counts/$number', group: 'counts', title: texts.counts.one, needs: 'inventory:count', load: () => import('./counts/CountPage') },

  // Transfers
  {
    path: '/transfers',
    group: 'transfers',
    title: texts.transfers.title,
    icon: IconTruck,
    inNavigation: true,
    needs: 'inventory:update',
    shortcut: 't',
    load: () => import('./transfers/TransfersPage'),
  },
  {
    path: '/transfers/$number',
    group: 'transfers',
    title: texts.transfers.one,
    needs: 'inventory:update',
    load: () => import('./transfers/TransferPage'),
  },

  // Purchasing
  {
    path: '/purchasing',
    group: 'purchasing',
    title: texts.purchasing.ordersTitle,
    icon: IconShoppingCart,
    inNavigation: true,
    needs: 'purchasing:manage',
    shortcut: 'p',
    load: () => import('./purchasing/PurchasingPage'),
  },
  {
    path: '/purchasing/reorder',
    group: 'purchasing',
    title: texts.purchasing.reorder,
    icon: IconShoppingCart,
    inNavigation: true,
    needs: 'inventory:read',
    load: () => import('./purchasing/ReorderPage'),
  },
  {
    path: '/purchasing/incoming',
    group: 'purchasing',
    title: texts.purchasing.incomingTitle,
    icon: IconShoppingCart,
    inNavigation: true,
    needs: 'inventory:read',
    load: () => import('./purchasing/IncomingPage'),
  },
  {
    path: '/purchasing/suppliers',
    group: 'purchasing',
    title: texts.purchasing.suppliers,
    inNavigation: true,
    needs: 'purchasing:manage',
    load: () => import('./purchasing/SuppliersPage'),
  },
  {
    path: '/purchasing/suppliers/$id',
    group: 'purchasing',
    title: texts.purchasing.supplier,
    needs: 'purchasing:manage',
    load: () => import('./purchasing/SupplierPage'),
  },
  {
    path: '/purchasing/$number',
    group: 'purchasing',
    title: texts.purchasing.one,
    needs: 'purchasing:manage',
    load: () => import('./purchasing/PurchaseOrderPage'),
  },

  // Reports
  {
    path: '/reports/sales',
    group: 'reports',
    title: texts.reports.sales,
    icon: IconChartBar,
    inNavigation: true,
    needs: 'reports:read',
    shortcut: 'r',
    load: () => import('./reports/SalesPage'),
  },
  {
    path: '/reports/top-products',
    group: 'reports',
    title: texts.reports.topProducts,
    icon: IconChartBar,
    inNavigation: true,
    needs: 'reports:read',
    shortcut: 'r',
    load: () => import('./reports/TopProductsPage'),
  },
  {
    path: '/reports/stock',
    group: 'reports',
    title: texts.reports.stockHealth,
    icon: IconChartBar,
    inNavigation: true,
    needs: 'reports:read',
    shortcut: 'r',
    load: () => import('./reports/StockHealthPage'),
  },
  {
    path: '/reports/forecast',
    group: 'reports',
    title: texts.reports.forecast,
    icon: IconChartBar,
    inNavigation: true,
    needs: 'reports:read',
    shortcut: 'r',
    load: () => import('./reports/ForecastPage'),
  },
  {
    path: '/reports/holds',
    group: 'reports',
    title: texts.reports.holds,
    icon: IconChartBar,
    inNavigation: true,
    needs: 'reports:read',
    shortcut: 'r',
    load: () => import('./reports/HoldsPage'),
  },

  // Settings. An account may see only some of these, so each has what the first one of a group needs.
  {
    path: '/settings/store',
    group: 'settings',
    title: texts.settings.store,
    icon: IconSettings,
    inNavigation: true,
    needs: 'stores:manage',
    shortcut: 'e',
    load: () => import('./settings/StorePage'),
  },
  {
    path: '/settings/taxes',
    group: 'settings',
    title: texts.settings.taxes,
    icon: IconSettings,
    inNavigation: true,
    needs: 'stores:manage',
    shortcut: 'e',
    load: () => import('./settings/TaxesPage'),
  },
  {
    path: '/settings/payments',
    group: 'settings',
    title: texts.settings.payments,
    icon: IconSettings,
    inNavigation: true,
    needs: 'stores:manage',
    shortcut: 'e',
    load: () => import('./settings/PaymentsPage'),
  },
  {
    path: '/settings/places',
    group: 'settings',
    title: texts.settings.places,
    icon: IconSettings,
    inNavigation: true,
    needs: 'stores:manage',
    shortcut: 'e',
    load: () => import('./settings/PlacesPage'),
  },
  {
    path: '/settings/staff',
    group: 'settings',
    title: texts.settings.staff,
    icon: IconSettings,
    inNavigation: true,
    needs: 'users:manage',
    shortcut: 'e',
    load: () => import('./settings/StaffPage'),
  },
  {
    path: '/settings/webhooks',
    group: 'settings',
    title: texts.settings.webhooks,
    icon: IconSettings,
    inNavigation: true,
    needs: 'webhooks:manage',
    shortcut: 'e',
    load: () => import('./settings/WebhooksPage'),
  },
  {
    path: '/settings/webhooks/$id',
    group: 'settings',
    title: texts.settings.webhook,
    needs: 'webhooks:manage',
    load: () => import('./settings/WebhookPage'),
  },
  {
    path: '/settings/alerts',
    group: 'settings',
    title: texts.settings.alerts,
    icon: IconSettings,
    inNavigation: true,
    needs: 'alerts:manage',
    shortcut: 'e',
    load: () => import('./settings/AlertsPage'),
  },
  {
    path: '/settings/audit',
    group: 'settings',
    title: texts.settings.audit,
    icon: IconSettings,
    inNavigation: true,
    needs: 'audit:read',
    shortcut: 'e',
    load: () => import('./settings/AuditPage'),
  },

  // Account
  {
    path: '/account',
    group: 'account',
    title: texts.account.title,
    icon: IconUser,
    load: () => import('./account/AccountPage'),
  },
];

/** The page of a path, or undefined if there is none yet. */
export function findPage(path: string): Page | undefined {
  const parts = path.split(/[?#]/)[0]?.split('/') ?? [];
  const fits = (page: Page) => {
    const wanted = page.path.split('/');
    return wanted.length === parts.length && wanted.every((part, index) => part === parts[index] || (part.startsWith('$') && parts[index]));
  };
  // A fixed path goes before one with a parameter.
  return pages.filter(fits).sort((a, b) => Number(a.path.includes('$')) - Number(b.path.includes('$')))[0];
}
