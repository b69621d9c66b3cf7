import type { Schemas } from '../../api/client';

/** The lines of an address as they stand on a parcel. */
export function addressLines(address: Schemas['AddressResponse']): string[] {
  const { full_name, line1, line2, postal_code, city, state, country, phone } = address;
  return [full_name, line1, line2, [postal_code, city].filter(Boolean).join(' '), [state, country].filter(Boolean).join(', '), phone].filter(
    (line): line is string => Boolean(line),
  );
}
