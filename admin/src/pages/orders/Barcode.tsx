import JsBarcode from 'jsbarcode';

import { texts } from '../../texts';

interface Encoded {
  encodings?: { data: string }[];
}

/** The light margin that scanners need on both sides, in widths of the narrowest bar. */
const QUIET = 10;
const HEIGHT = 44;

/** A code as a barcode (Code 128). The bars are drawn here, because the library would set styles that the page's policy forbids. */
export function Barcode({ code }: { code: string }) {
  const encoded: Encoded = {};
  JsBarcode(encoded, code, { format: 'CODE128' });
  const bits = (encoded.encodings ?? []).map(({ data }) => data).join('');
  const width = bits.length + 2 * QUIET;
  return (
    <svg viewBox={`0 0 ${width} ${HEIGHT}`} width={width * 1.5} height={HEIGHT * 1.2} role="img" aria-label={texts.orders.slips.barcode(code)} shapeRendering="crispEdges">
      <rect width={width} height={HEIGHT} fill="#fff" />
      {[...bits.matchAll(/1+/g)].map((bar) => (
        <rect key={bar.index} x={QUIET + bar.index} y={2} width={bar[0].length} height={HEIGHT - 4} fill="#000" />
      ))}
    </svg>
  );
}
