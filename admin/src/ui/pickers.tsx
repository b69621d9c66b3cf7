import { Combobox, Loader, Select, Text, TextInput, useCombobox, type SelectProps } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';

import { api, type Schemas } from '../api/client';
import { findCode } from '../api/scan';
import { useScan } from '../shell/scanner';
import { texts } from '../texts';
import { useFormats } from './format';
import { notifyProblem } from './notify';
import classes from './pickers.module.css';
import { useLocations } from './places';
import { messageOf } from './states';

/** A variant that was picked: a product, and one of its sizes if it has some. */
export interface Picked {
  product: Schemas['ProductResponse'];
  variant: Schemas['VariantResponse'];
  /** The units of a scanned code: 12 for the code of a case. Otherwise 1. */
  units: number;
}

interface ProductPickerProps {
  label?: string;
  description?: string;
  error?: ReactNode;
  placeholder?: string;
  /** Called with each pick; the field is empty again afterwards. */
  onPick: (picked: Picked) => void;
  /** Also takes what is scanned while this is shown. */
  takesScans?: boolean;
  autoFocus?: boolean;
}

/** Finds a product by words of its name, by SKU or barcode. Every size is a choice of its own. */
export function ProductPicker({ label = texts.common.product, takesScans, onPick, ...field }: ProductPickerProps) {
  const { money, quantity } = useFormats();
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const [text, setText] = useState('');
  const [query] = useDebouncedValue(text.trim(), 180);
  const { data, isFetching } = api.useQuery(
    'get',
    '/inventory/products',
    { params: { query: { q: query || undefined, limit: 10 } } },
    { enabled: combobox.dropdownOpened, placeholderData: keepPreviousData },
  );
  const choices = (data?.items ?? []).flatMap((product) => product.variants.map((variant) => ({ product, variant, units: 1 })));
  useEffect(() => combobox.updateSelectedOptionIndex('active'), [data]);

  const pick = (picked: Picked) => {
    setText('');
    combobox.closeDropdown();
    onPick(picked);
  };

  return (
    <Combobox
      store={combobox}
      shadow="md"
      onOptionSubmit={(id) => {
        const found = choices.find(({ variant }) => String(variant.id) === id);
        if (found) pick(found);
      }}
    >
      {takesScans && <ScanToPick onPick={pick} />}
      <Combobox.Target>
        <TextInput
          label={label}
          autoComplete="off"
          {...field}
          value={text}
          rightSection={isFetching ? <Loader size={16} aria-hidden /> : null}
          onChange={(event) => {
            setText(event.currentTarget.value);
            combobox.openDropdown();
            combobox.selectFirstOption();
          }}
          onClick={() => combobox.openDropdown()}
          onBlur={() => combobox.closeDropdown()}
        />
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Options className={classes.options}>
          {choices.map(({ product, variant }) => (
            <Combobox.Option key={variant.id} value={String(variant.id)}>
              <div className={classes.option}>
                <div>
                  <Text size="sm">{[product.name, variant.size].filter(Boolean).join(' · ')}</Text>
                  <Text size="xs" c="dimmed" className="code">
                    {variant.sku}
                  </Text>
                </div>
                <div className={classes.figures}>
                  <Text size="sm">{money(variant.price)}</Text>
                  <Text size="xs" c="dimmed">
                    {quantity(variant.available_quantity)}
                  </Text>
                </div>
              </div>
            </Combobox.Option>
          ))}
          {choices.length === 0 && !isFetching && <Combobox.Empty>{texts.common.nothingFound}</Combobox.Empty>}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}

/** Picks what a scanner or the camera reads. */
function ScanToPick({ onPick }: { onPick: (picked: Picked) => void }) {
  useScan((code) => {
    void findCode(code)
      .then((found) => {
        const variant = found?.product?.variants.find(({ id }) => id === found.variant_id);
        if (found?.product && variant) onPick({ product: found.product, variant, units: found.units ?? 1 });
        else notifyProblem(texts.shell.scanUnknown(code));
      })
      .catch((error: unknown) => notifyProblem(messageOf(error)));
  });
  return null;
}

interface LocationPickerProps extends Omit<SelectProps, 'data' | 'value' | 'onChange'> {
  value?: number | null;
  onChange?: (id: number | null) => void;
}

export function LocationPicker({ label = texts.common.location, value, onChange, ...rest }: LocationPickerProps) {
  const locations = useLocations().filter(({ status }) => status !== 'closed');
  return (
    <Select
      label={label}
      data={locations.map(({ id, name }) => ({ value: String(id), label: name }))}
      value={value === null || value === undefined ? null : String(value)}
      onChange={(id) => onChange?.(id === null ? null : Number(id))}
      searchable={locations.length > 8}
      comboboxProps={{ shadow: 'md' }}
      {...rest}
    />
  );
}
