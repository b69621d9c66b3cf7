import { ActionIcon, Group, Table, Text } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';

import { texts } from '../../texts';
import { useFormats } from '../../ui/format';
import { QuantityInput } from '../../ui/inputs';
import type { Picked } from '../../ui/pickers';
import classes from './dialogs/dialogs.module.css';

const t = texts.orders.create;

export interface NewLine {
  variantId: number;
  sku: string;
  name: string;
  price: number;
  quantity: number | string;
}

/** Adds what was picked to the lines: units of a variant that is there already are added up. */
export function withPicked(lines: NewLine[], { product, variant, units }: Picked): NewLine[] {
  const found = lines.find(({ variantId }) => variantId === variant.id);
  if (found) return lines.map((line) => (line === found ? { ...line, quantity: (Number(line.quantity) || 0) + units } : line));
  const name = [product.name, variant.size].filter(Boolean).join(' · ');
  return [...lines, { variantId: variant.id, sku: variant.sku, name, price: variant.price, quantity: units }];
}

/** The lines of a new order, with the units of each. */
export function NewLines({ lines, onChange }: { lines: NewLine[]; onChange: (lines: NewLine[]) => void }) {
  const { money } = useFormats();
  if (lines.length === 0) return null;
  return (
    <Table className={classes.units}>
      <Table.Tbody>
        {lines.map((line) => (
          <Table.Tr key={line.variantId}>
            <Table.Td>
              <Text size="sm" fw={550}>
                {line.name}
              </Text>
              <Text size="xs" c="dimmed" className="figures">
                {money(line.price)}
              </Text>
            </Table.Td>
            <Table.Td className={classes.unitsCell}>
              <Group gap={4} wrap="nowrap">
                <QuantityInput
                  label={null}
                  aria-label={texts.orders.create.unitsOf(line.name)}
                  min={1}
                  max={10_000}
                  className={classes.unitsInput}
                  value={line.quantity}
                  onChange={(quantity) => onChange(lines.map((one) => (one === line ? { ...line, quantity } : one)))}
                />
                <ActionIcon aria-label={t.remove(line.name)} onClick={() => onChange(lines.filter((one) => one !== line))}>
                  <IconTrash size={16} aria-hidden />
                </ActionIcon>
              </Group>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
