import { texts } from '../../texts';
import type { Product } from '../stock/level';

const t = texts.stock;

/** The columns of the grid that can be edited, by their names in the API. */
export const COLUMNS = ['price', 'mrp', 'cost_price', 'min_stock_level', 'max_stock_level'] as const;
export type GridColumn = (typeof COLUMNS)[number];

export const COLUMN_TITLES: Record<GridColumn, string> = {
  price: t.price,
  mrp: t.mrp,
  cost_price: t.cost,
  min_stock_level: t.minimum,
  max_stock_level: t.maximum,
};

const OF_SIZES: GridColumn[] = ['price', 'min_stock_level'];
const REQUIRED: GridColumn[] = ['price', 'min_stock_level'];

/** A product, or one of its sizes below it. */
export interface GridRow {
  key: string;
  productId: number;
  sku: string;
  size: string | null;
  name: string;
  /** What the server has, as texts; '' is no value. */
  values: Record<GridColumn, string>;
}

/** How the store writes figures: `1,234.50` has the group `,` and the decimal `.`. */
export interface Notation {
  group: string;
  decimal: string;
  digits: number;
}

export function notationOf(locale: string, digits: number): Notation {
  const parts = new Intl.NumberFormat(locale).formatToParts(1_234_567.5);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  return { group: part('group'), decimal: part('decimal') || '.', digits };
}

/** The rows of products: each, and its sizes. Sizes show a value only if it is their own. */
export function rowsOf(products: Product[], notation: Notation): GridRow[] {
  const amount = (value: number | null | undefined) =>
    value === null || value === undefined ? '' : value.toFixed(notation.digits).replace('.', notation.decimal);
  const units = (value: number | null | undefined) => (value === null || value === undefined ? '' : String(value));
  return products.flatMap((product) => {
    const own: GridRow = {
      key: rowKey(product.sku, null),
      productId: product.id,
      sku: product.sku,
      size: null,
      name: product.name,
      values: {
        price: amount(product.price),
        mrp: amount(product.mrp),
        cost_price: amount(product.cost_price),
        min_stock_level: units(product.min_stock_level),
        max_stock_level: units(product.max_stock_level),
      },
    };
    if (!product.has_sizes) return [own];
    const sizes = product.variants.map((variant) => ({
      ...own,
      key: rowKey(product.sku, variant.size),
      size: variant.size,
      name: `${product.name} · ${variant.size}`,
      values: {
        price: variant.price === product.price ? '' : amount(variant.price),
        mrp: '',
        cost_price: '',
        min_stock_level: units(variant.min_stock_level),
        max_stock_level: '',
      },
    }));
    return [own, ...sizes];
  });
}

function rowKey(sku: string, size: string | null): string {
  return `${sku}\n${size ?? ''}`;
}

export function isEditable(row: GridRow, column: GridColumn): boolean {
  return row.size === null || OF_SIZES.includes(column);
}

/**
 * A typed or pasted figure as the API wants it: without currency sign, spaces and separators of groups, and with a point.
 * Other forms stay as they are, and are errors.
 */
export function plainFigure(text: string, { group, decimal }: Notation): string {
  const bare = text.replace(/[\s\u00a0\u202f]/g, '').replace(/^\p{Sc}|\p{Sc}$/gu, '');
  const [g, d] = [group.trim(), decimal].map(escaped);
  const grouped = g ? new RegExp(`^\\d{1,3}(${g}\\d{2,3})*${g}\\d{3}(${d}\\d+)?$`) : null;
  const whole = grouped?.test(bare) ? bare.split(group).join('') : bare;
  return new RegExp(`^-?\\d+(${d}\\d+)?$`).test(whole) ? whole.replace(decimal, '.') : whole;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Why a cell cannot be saved, or null. */
export function mistakeOf(row: GridRow, column: GridColumn, text: string, notation: Notation): string | null {
  if (!isEditable(row, column)) return text.trim() === '' ? null : t.notThisRow;
  const figure = plainFigure(text, notation);
  if (figure === '') return row.size === null && REQUIRED.includes(column) ? (column === 'price' ? t.neededPrice : t.neededMinimum) : null;
  const isMoney = column === 'price' || column === 'mrp' || column === 'cost_price';
  if (/^-\d/.test(figure)) return t.negative;
  if (!isMoney) return /^\d{1,13}$/.test(figure) ? null : t.notWhole;
  const decimals = /^\d{1,15}(?:\.(\d+))?$/.exec(figure);
  return decimals && (decimals[1] ?? '').replace(/0+$/, '').length <= notation.digits ? null : t.notAmount(String(notation.digits));
}

/** True if two texts are the same figure: `31.5` and `31.50`. */
export function isSame(a: string, b: string, notation: Notation): boolean {
  const [one, other] = [plainFigure(a, notation), plainFigure(b, notation)];
  if (one === other) return true;
  return one !== '' && other !== '' && /^[\d.]+$/.test(one + other) && Number(one) === Number(other);
}

/** The cells of what a spreadsheet copies: rows of cells between tabs, with quotes around cells that have line breaks. */
export function cellsOf(text: string): string[][] {
  const rows: string[][] = [[]];
  let cell = '';
  let isQuoted = false;
  const end = () => {
    rows.at(-1)?.push(cell);
    cell = '';
  };
  const source = text.replace(/\r\n?/g, '\n').replace(/\n$/, '');
  for (let at = 0; at < source.length; at += 1) {
    const char = source[at];
    if (isQuoted) {
      if (char !== '"') cell += char;
      else if (source[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else isQuoted = false;
    } else if (char === '"' && cell === '') isQuoted = true;
    else if (char === '\t') end();
    else if (char === '\n') {
      end();
      rows.push([]);
    } else cell += char;
  }
  end();
  return rows;
}
