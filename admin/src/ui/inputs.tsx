import { NumberInput, type NumberInputProps } from '@mantine/core';

import { texts } from '../texts';
import { useFormats } from './format';

/** A whole number of units. Its value is a number, or '' while it is empty. */
export function QuantityInput({ min = 0, label = texts.common.quantity, ...rest }: NumberInputProps) {
  const { locale } = useFormats();
  return (
    <NumberInput
      {...separatorsOf(locale)}
      label={label}
      min={min}
      allowDecimal={false}
      allowNegative={min < 0}
      clampBehavior="none"
      inputMode="numeric"
      selectAllOnFocus
      {...rest}
    />
  );
}

/** An amount in the store's currency. */
export function MoneyInput(props: NumberInputProps) {
  const { locale, currency, moneyDigits } = useFormats();
  return (
    <NumberInput
      {...separatorsOf(locale)}
      min={0}
      allowNegative={false}
      decimalScale={moneyDigits}
      fixedDecimalScale
      clampBehavior="none"
      hideControls
      inputMode="decimal"
      selectAllOnFocus
      leftSection={<span className="currency-sign">{currencySign(locale, currency)}</span>}
      {...props}
    />
  );
}

function currencySign(locale: string, currency: string): string {
  const parts = new Intl.NumberFormat(locale, { style: 'currency', currency, currencyDisplay: 'narrowSymbol' }).formatToParts(0);
  return parts.find((part) => part.type === 'currency')?.value ?? currency;
}

function separatorsOf(locale: string): Pick<NumberInputProps, 'thousandSeparator' | 'decimalSeparator' | 'thousandsGroupStyle'> {
  const parts = new Intl.NumberFormat(locale).formatToParts(1_234_567.5);
  const part = (type: string) => parts.find((one) => one.type === type)?.value;
  const isLakh = parts.filter((one) => one.type === 'integer').length > 3 || parts[0]?.value === '12';
  return {
    thousandSeparator: part('group') ?? false,
    decimalSeparator: part('decimal') ?? '.',
    thousandsGroupStyle: isLakh ? 'lakh' : 'thousand',
  };
}
