import { ActionIcon, Button, Group, NumberInput, Stack, Table, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';

import { api, client, type Schemas } from '../../api/client';
import { useSession } from '../../api/session';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { FormDialog } from '../../ui/dialog';
import { useFormats } from '../../ui/format';
import { PageHeader, Panel } from '../../ui/page';
import { EmptyState, ErrorState, LoadingPage } from '../../ui/states';
import { useCheckedWrite } from './checked-write';
import { Changes, textOrNull } from './parts';
import classes from './settings.module.css';

const t = texts.settings;

type Rate = Schemas['TaxRateResponse'];

export default function TaxesPage() {
  const { store } = useSession();
  const { number } = useFormats();
  const [isEditing, setIsEditing] = useState(false);
  const query = api.useQuery('get', '/stores/{id}/tax-rates', { params: { path: { id: String(store.id) } } });
  if (!query.data) {
    return (
      <>
        <PageHeader title={t.taxes} />
        {query.error ? <ErrorState error={query.error} retry={() => void query.refetch()} /> : <LoadingPage />}
      </>
    );
  }
  const { rates } = query.data;
  return (
    <>
      <PageHeader title={t.taxes} actions={<Button onClick={() => setIsEditing(true)}>{t.editTaxes}</Button>}>
        {t.taxesHint(t.percent(number(store.tax_rate, 4)))}
      </PageHeader>
      <Panel isFlush>
        {rates.length === 0 ? <EmptyState title={t.noTaxRates} hint={t.noTaxRatesHint} /> : <Rates rates={rates} />}
      </Panel>
      {isEditing && <RatesDialog storeId={store.id} rates={rates} onClose={() => setIsEditing(false)} />}
    </>
  );
}

function Rates({ rates }: { rates: Rate[] }) {
  const { number } = useFormats();
  const orAny = (value: string | null) => value ?? <Text span c="dimmed" inherit>{t.any}</Text>;
  return (
    <div className={classes.scroll} tabIndex={0} role="region" aria-label={t.taxes}>
      <Table verticalSpacing={8} horizontalSpacing={16}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t.fields.name}</Table.Th>
            <Table.Th>{t.country}</Table.Th>
            <Table.Th>{t.region}</Table.Th>
            <Table.Th>{t.category}</Table.Th>
            <Table.Th ta="right">{t.rate}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rates.map((rate, index) => (
            <Table.Tr key={index}>
              <Table.Th scope="row" fw={500}>{rate.name}</Table.Th>
              <Table.Td>{orAny(rate.country)}</Table.Td>
              <Table.Td>{orAny(rate.region)}</Table.Td>
              <Table.Td>{orAny(rate.category)}</Table.Td>
              <Table.Td ta="right" className="figures">{t.percent(number(rate.percent, 4))}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

const NEW_RATE = { name: '', country: '', region: '', category: '', percent: '' as number | string };

async function readRates(id: number) {
  const { data } = await client.GET('/stores/{id}/tax-rates', { params: { path: { id: String(id) } } });
  return data as Schemas['TaxRatesResponse'];
}

/** All rates at once, as the API writes them: which of them applies depends on the others. */
function RatesDialog({ storeId, rates, onClose }: { storeId: number; rates: Rate[]; onClose: () => void }) {
  const form = useForm({
    initialValues: {
      rates: rates.map((rate) => ({
        name: rate.name,
        country: rate.country ?? '',
        region: rate.region ?? '',
        category: rate.category ?? '',
        percent: rate.percent as number | string,
      })),
    },
  });
  const plain = useWrite('put', '/stores/{id}/tax-rates', { done: texts.common.saved });
  const write = useCheckedWrite(plain, { rates }, () => readRates(storeId));
  return (
    <FormDialog
      title={t.editTaxes}
      size="xl"
      form={form}
      write={write}
      submit={texts.common.save}
      request={(values) => ({
        params: { path: { id: String(storeId) } },
        body: {
          rates: values.rates.map((rate) => ({
            name: rate.name,
            percent: rate.percent,
            country: textOrNull(rate.country),
            region: textOrNull(rate.region),
            category: textOrNull(rate.category),
          })),
        },
      })}
      onClose={onClose}
    >
      <Text size="sm" c="dimmed">{t.ratesHint}</Text>
      <Stack gap="sm">
        {form.values.rates.map((rate, index) => (
          <Group key={index} gap="xs" align="flex-start" role="group" aria-label={t.rateNumber(String(index + 1))} className={classes.row}>
            <TextInput label={t.fields.name} {...form.getInputProps(`rates.${index}.name`)} />
            <TextInput label={t.country} placeholder={t.any} {...form.getInputProps(`rates.${index}.country`)} />
            <TextInput label={t.region} placeholder={t.any} {...form.getInputProps(`rates.${index}.region`)} />
            <TextInput label={t.category} placeholder={t.any} {...form.getInputProps(`rates.${index}.category`)} />
            <NumberInput label={t.rate} suffix=" %" min={0} max={100} decimalScale={4} hideControls {...form.getInputProps(`rates.${index}.percent`)} />
            <ActionIcon variant="subtle" color="red" size={36} mt={24} aria-label={t.removeRate(rate.name || String(index + 1))} onClick={() => form.removeListItem('rates', index)}>
              <IconTrash size={17} aria-hidden />
            </ActionIcon>
          </Group>
        ))}
      </Stack>
      <Group>
        <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => form.insertListItem('rates', NEW_RATE)}>
          {t.addRate}
        </Button>
      </Group>
      <Changes changes={write.changes} nameOf={() => t.taxes} />
    </FormDialog>
  );
}
