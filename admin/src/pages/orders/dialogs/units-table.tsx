import { Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';

import { texts } from '../../../texts';
import { QuantityInput } from '../../../ui/inputs';
import classes from './dialogs.module.css';

/** One line of a form about units: a key, what it names, and how many units it can have at most. */
export interface UnitsLine {
  key: string;
  name: string;
  detail?: ReactNode;
  max: number;
}

/** How many units of each line were chosen. A field can be empty. */
export type Units = Record<string, number | string>;

export const unitsOf = (units: Units, key: string): number => Number(units[key]) || 0;

export const totalOf = (units: Units): number => Object.values(units).reduce<number>((total, one) => total + (Number(one) || 0), 0);

/** The error of a form about units: too many of a line, or none at all. */
export function validateUnits(lines: UnitsLine[], tooMany: (max: string) => string, none: string) {
  return (units: Units): string | null => {
    const line = lines.find(({ key, max }) => unitsOf(units, key) > max || unitsOf(units, key) < 0);
    if (line) return `${line.name}: ${tooMany(String(line.max))}`;
    return totalOf(units) === 0 ? none : null;
  };
}

interface UnitsTableProps {
  label: string;
  lines: UnitsLine[];
  units: Units;
  error?: ReactNode;
  onChange: (units: Units) => void;
}

/** A field for the units of each line, with what it is at most. */
export function UnitsTable({ label, lines, units, error, onChange }: UnitsTableProps) {
  return (
    <div>
      <Table className={classes.units} aria-label={label}>
        <Table.Tbody>
          {lines.map((line, index) => (
            <Table.Tr key={line.key}>
              <Table.Td>
                <Text size="sm" fw={550}>
                  {line.name}
                </Text>
                {line.detail && (
                  <Text size="xs" c="dimmed" component="div">
                    {line.detail}
                  </Text>
                )}
              </Table.Td>
              <Table.Td className={classes.unitsCell}>
                <QuantityInput
                  label={null}
                  aria-label={`${texts.common.quantity}: ${line.name}`}
                  max={line.max}
                  className={classes.unitsInput}
                  rightSection={<span className={classes.of}>/ {line.max}</span>}
                  rightSectionWidth={52}
                  hideControls
                  error={unitsOf(units, line.key) > line.max}
                  data-autofocus={index === 0 || undefined}
                  value={units[line.key] ?? ''}
                  onChange={(value) => onChange({ ...units, [line.key]: value })}
                />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {error && (
        <Text size="sm" c="var(--mantine-color-error)" role="alert" mt={4}>
          {error}
        </Text>
      )}
    </div>
  );
}

/** What the request does to money and stock, in sentences. */
export function Consequences({ children }: { children: (string | null | false)[] }) {
  const sentences = children.filter((sentence): sentence is string => Boolean(sentence));
  if (sentences.length === 0) return null;
  return (
    <ul className={classes.consequences} aria-live="polite">
      {sentences.map((sentence) => (
        <li key={sentence}>{sentence}</li>
      ))}
    </ul>
  );
}
