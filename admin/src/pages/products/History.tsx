import { Select, Skeleton } from '@mantine/core';
import { keepPreviousData } from '@tanstack/react-query';
import { useState } from 'react';

import { api } from '../../api/client';
import { texts } from '../../texts';
import { ChartPanel } from '../../ui/chart';
import { addDays, dayIn, useFormats } from '../../ui/format';
import { useLocations } from '../../ui/places';
import { ErrorNote } from '../../ui/states';
import type { Product } from '../stock/level';
import classes from './products.module.css';

const t = texts.stock;

/** The stock at the end of each day, of all sizes and places or of one. */
export function History({ product }: { product: Product }) {
  const formats = useFormats();
  const [range, setRange] = useState('30');
  const [size, setSize] = useState<string | null>(null);
  const [place, setPlace] = useState<string | null>(null);
  const from = formats.startOfDay(addDays(formats.today(), 1 - Number(range)));
  const history = api.useQuery(
    'get',
    '/inventory/products/{id}/history',
    {
      params: {
        path: { id: String(product.id) },
        query: { interval: 'day', from, ...(size ? { size } : {}), ...(place ? { location_id: Number(place) } : {}) },
      },
    },
    { placeholderData: keepPreviousData },
  );
  if (history.error) return <ErrorNote error={history.error} retry={() => void history.refetch()} />;
  if (!history.data) return <Skeleton height={300} />;

  // A point is the end of its day, which is the beginning of the next one; the last one is now.
  const points = history.data.items.map((point) => ({
    day: dayIn(formats.timeZone, new Date(new Date(point.at).getTime() - 1)),
    stock: point.stock_quantity,
    available: point.available_quantity,
  }));
  return (
    <ChartPanel
      title={t.history}
      action={
        <Choices product={product} range={range} setRange={setRange} size={size} setSize={setSize} place={place} setPlace={setPlace} />
      }
      kind="area"
      points={points}
      along="day"
      alongLabel={t.day}
      series={[
        { name: 'stock', label: t.inStock, color: 'indigo.5' },
        { name: 'available', label: t.available, color: 'teal.6' },
      ]}
      format={formats.quantity}
      formatAlong={formats.shortDay}
      height={230}
    />
  );
}

interface ChoicesProps {
  product: Product;
  range: string;
  setRange: (range: string) => void;
  size: string | null;
  setSize: (size: string | null) => void;
  place: string | null;
  setPlace: (place: string | null) => void;
}

function Choices({ product, range, setRange, size, setSize, place, setPlace }: ChoicesProps) {
  const locations = useLocations();
  const common = { size: 'xs' as const, comboboxProps: { shadow: 'md' as const }, className: classes.choice };
  return (
    <>
      {product.has_sizes && (
        <Select
          {...common}
          aria-label={t.size}
          placeholder={t.allSizes}
          clearable
          data={product.variants.flatMap((variant) => (variant.size === null ? [] : [variant.size]))}
          value={size}
          onChange={setSize}
        />
      )}
      {locations.length > 1 && (
        <Select
          {...common}
          aria-label={t.place}
          placeholder={t.allPlaces}
          clearable
          data={locations.map(({ id, name }) => ({ value: String(id), label: name }))}
          value={place}
          onChange={setPlace}
        />
      )}
      <Select
        {...common}
        aria-label={t.range}
        data={Object.entries(t.ranges).map(([value, label]) => ({ value, label }))}
        value={range}
        onChange={(value) => setRange(value ?? '30')}
      />
    </>
  );
}
