import { List, NumberInput, SimpleGrid, Switch, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';

import { client, type Schemas } from '../../api/client';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { ConfirmDialog, FormDialog } from '../../ui/dialog';
import { useFormats } from '../../ui/format';
import { QuantityInput } from '../../ui/inputs';
import { pick, useCheckedWrite } from './checked-write';
import { Changes, orNull, textOrNull } from './parts';

const t = texts.settings;
const { fields } = t;

type Place = Schemas['LocationResponse'];
export type StatusChange = 'active' | 'paused' | 'closed';

async function readPlace(id: number): Promise<Place> {
  const { data } = await client.GET('/locations/{id}', { params: { path: { id } } });
  return data as Place;
}

const SHOWN = ['name', 'code', 'priority', 'sells_online', 'country', 'region', 'postal_code', 'latitude', 'longitude', 'pickup'] as const;

function valuesOf(place: Place | null) {
  return {
    name: place?.name ?? '',
    code: place?.code ?? '',
    priority: (place?.priority ?? 100) as number | string,
    sells_online: place?.sells_online ?? true,
    country: place?.country ?? '',
    region: place?.region ?? '',
    postal_code: place?.postal_code ?? '',
    latitude: (place?.latitude ?? '') as number | string,
    longitude: (place?.longitude ?? '') as number | string,
    pickup: { enabled: place?.pickup.enabled ?? false, instructions: place?.pickup.instructions ?? '' },
  };
}

type Values = ReturnType<typeof valuesOf>;

function bodyOf(values: Values) {
  return {
    name: values.name,
    code: values.code,
    priority: Number(values.priority),
    sells_online: values.sells_online,
    country: textOrNull(values.country),
    region: textOrNull(values.region),
    postal_code: textOrNull(values.postal_code),
    latitude: orNull(values.latitude),
    longitude: orNull(values.longitude),
    pickup: { enabled: values.pickup.enabled, instructions: textOrNull(values.pickup.instructions) },
  };
}

export function PlaceDialog({ place, onClose }: { place: Place | null; onClose: () => void }) {
  return place ? <EditPlace place={place} onClose={onClose} /> : <NewPlace onClose={onClose} />;
}

function NewPlace({ onClose }: { onClose: () => void }) {
  const form = useForm({ initialValues: valuesOf(null) });
  const write = useWrite('post', '/locations', { done: t.placeAdded });
  return (
    <FormDialog title={t.addPlace} size="lg" form={form} write={write} submit={t.addPlace} request={(values) => ({ body: bodyOf(values) })} onClose={onClose}>
      <PlaceFields form={form} />
    </FormDialog>
  );
}

function EditPlace({ place, onClose }: { place: Place; onClose: () => void }) {
  const form = useForm({ initialValues: valuesOf(place) });
  const plain = useWrite('patch', '/locations/{id}', { done: texts.common.saved });
  const write = useCheckedWrite(plain, pick(place, SHOWN) as Partial<Place>, () => readPlace(place.id));
  return (
    <FormDialog
      title={t.editOf(place.name)}
      size="lg"
      form={form}
      write={write}
      submit={texts.common.save}
      request={(values) => ({ params: { path: { id: place.id } }, body: bodyOf(values) })}
      onClose={onClose}
    >
      <PlaceFields form={form} />
      <Changes changes={write.changes} />
    </FormDialog>
  );
}

function PlaceFields({ form }: { form: ReturnType<typeof useForm<Values>> }) {
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
        <TextInput label={fields.name} data-autofocus {...form.getInputProps('name')} />
        <TextInput label={fields.code} description={t.codeHint} inputWrapperOrder={['label', 'input', 'description', 'error']} {...form.getInputProps('code')} />
        <TextInput label={t.countryCode} maxLength={2} {...form.getInputProps('country')} />
        <TextInput label={t.region} {...form.getInputProps('region')} />
        <TextInput label={fields.postal_code} {...form.getInputProps('postal_code')} />
        <QuantityInput label={fields.priority} description={t.priorityHint} inputWrapperOrder={['label', 'input', 'description', 'error']} {...form.getInputProps('priority')} />
        <NumberInput label={fields.latitude} min={-90} max={90} hideControls clampBehavior="none" {...form.getInputProps('latitude')} />
        <NumberInput label={fields.longitude} min={-180} max={180} hideControls clampBehavior="none" {...form.getInputProps('longitude')} />
      </SimpleGrid>
      <Switch label={fields.sells_online} description={t.sellsOnlineHint} {...form.getInputProps('sells_online', { type: 'checkbox' })} />
      <Switch label={t.pickupEnabled} description={t.pickupHint} {...form.getInputProps('pickup.enabled', { type: 'checkbox' })} />
      {form.values.pickup.enabled && (
        <Textarea label={t.pickupInstructions} autosize minRows={2} {...form.getInputProps('pickup.instructions')} />
      )}
    </>
  );
}

/** Pauses, opens or closes a place. A place that still has stock or open documents says what they are. */
export function StatusDialog({ place, to, onClose }: { place: Place; to: StatusChange; onClose: () => void }) {
  const { quantity } = useFormats();
  const write = useWrite('patch', '/locations/{id}', { done: t.stepDone[to](place.name) });
  const open = write.problem?.problem.open ?? [];
  return (
    <ConfirmDialog
      title={t.stepOf[to](place.name)}
      write={write}
      request={{ params: { path: { id: place.id } }, body: { status: to } }}
      confirm={place.status === 'closed' ? t.reopen : t.steps[to]}
      isDangerous={to === 'closed'}
      onClose={onClose}
    >
      <Text size="sm">{t.stepTexts[to]}</Text>
      {open.length > 0 && (
        <>
          <Text size="sm" mt="sm" fw={600}>
            {t.stillOpen}
          </Text>
          <List size="sm">
            {open.map((one) => (
              <List.Item key={`${one.kind}-${one.id}`}>{t.openThing(one.kind, String(one.id), quantity(one.quantity))}</List.Item>
            ))}
          </List>
        </>
      )}
    </ConfirmDialog>
  );
}
