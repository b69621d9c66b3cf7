import { ActionIcon, Checkbox, Group, MultiSelect, Select, Skeleton, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useState } from 'react';

import { api, client, type Schemas } from '../../api/client';
import { useSession } from '../../api/session';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { FormDialog } from '../../ui/dialog';
import { Facts, Panel } from '../../ui/page';
import { useLocations } from '../../ui/places';
import { ErrorNote } from '../../ui/states';
import { useCheckedWrite } from './checked-write';
import { Changes, EditButton } from './parts';

const t = texts.settings;

type Policy = Schemas['RoutingPolicy'];
type Rule = Schemas['RoutingRule'];
const ALL_RULES = Object.keys(t.rules) as Rule[];

/** The rules that choose the places of an order. */
export function RoutingPanel() {
  const { store } = useSession();
  const [isEditing, setIsEditing] = useState(false);
  const query = api.useQuery('get', '/stores/{id}/routing', { params: { path: { id: String(store.id) } } });
  const places = useLocations();
  const { data } = query;
  const names = data?.preferred_location_ids.map((id) => places.find((place) => place.id === id)?.name ?? String(id)).join(', ');
  return (
    <Panel title={t.routing} action={data && <EditButton label={t.editOf(t.routing)} onClick={() => setIsEditing(true)} />}>
      <Text size="sm" c="dimmed" mb="sm" maw={760}>
        {t.routingHint}
      </Text>
      {query.error && <ErrorNote error={query.error} retry={() => void query.refetch()} />}
      {!data && !query.error && <Skeleton height={70} />}
      {data && (
        <Facts
          facts={[
            [t.ruleOrder, data.rules.length > 0 ? data.rules.map((rule, index) => `${index + 1}. ${t.rules[rule]}`).join(' · ') : t.onlyPriority],
            [t.preferredPlaces, names || texts.common.none],
            [t.split, t.splits[data.split]],
          ]}
        />
      )}
      {data && isEditing && <RoutingDialog policy={data} onClose={() => setIsEditing(false)} />}
    </Panel>
  );
}

async function readPolicy(id: number): Promise<Policy> {
  const { data } = await client.GET('/stores/{id}/routing', { params: { path: { id: String(id) } } });
  return data as Policy;
}

function RoutingDialog({ policy, onClose }: { policy: Policy; onClose: () => void }) {
  const { store } = useSession();
  const places = useLocations().filter(({ status }) => status !== 'closed');
  const form = useForm({
    initialValues: { rules: policy.rules, preferred_location_ids: policy.preferred_location_ids.map(String), split: policy.split },
  });
  const plain = useWrite('put', '/stores/{id}/routing', { done: texts.common.saved });
  const write = useCheckedWrite(plain, policy, () => readPolicy(store.id));
  return (
    <FormDialog
      title={t.routing}
      form={form}
      write={write}
      submit={texts.common.save}
      request={(values) => ({
        params: { path: { id: String(store.id) } },
        body: { ...values, preferred_location_ids: values.preferred_location_ids.map(Number) },
      })}
      onClose={onClose}
    >
      <RuleOrder value={form.values.rules} onChange={(rules) => form.setFieldValue('rules', rules)} />
      <MultiSelect
        label={t.preferredPlaces}
        data={places.map(({ id, name }) => ({ value: String(id), label: name }))}
        {...form.getInputProps('preferred_location_ids')}
      />
      <Select
        label={t.split}
        data={Object.entries(t.splits).map(([value, label]) => ({ value, label }))}
        allowDeselect={false}
        {...form.getInputProps('split')}
      />
      <Changes changes={write.changes} nameOf={(name) => ({ rules: t.ruleOrder, preferred_location_ids: t.preferredPlaces, split: t.split })[name] ?? name} />
    </FormDialog>
  );
}

/** The rules in use, in their order, and the others. */
function RuleOrder({ value, onChange }: { value: Rule[]; onChange: (rules: Rule[]) => void }) {
  const others = ALL_RULES.filter((rule) => !value.includes(rule));
  const move = (index: number, by: number) => {
    const next = [...value];
    const [rule] = next.splice(index, 1);
    if (rule) next.splice(index + by, 0, rule);
    onChange(next);
  };
  return (
    <Stack gap={6} role="group" aria-label={t.ruleOrder}>
      <Text size="sm" fw={500}>
        {t.ruleOrder}
      </Text>
      {value.map((rule, index) => (
        <Group key={rule} gap="xs" wrap="nowrap" justify="space-between">
          <Checkbox label={`${index + 1}. ${t.rules[rule]}`} checked onChange={() => onChange(value.filter((one) => one !== rule))} />
          <Group gap={4} wrap="nowrap">
            <ActionIcon variant="default" aria-label={t.moveUp(t.rules[rule])} disabled={index === 0} onClick={() => move(index, -1)}>
              <IconArrowUp size={15} aria-hidden />
            </ActionIcon>
            <ActionIcon variant="default" aria-label={t.moveDown(t.rules[rule])} disabled={index === value.length - 1} onClick={() => move(index, 1)}>
              <IconArrowDown size={15} aria-hidden />
            </ActionIcon>
          </Group>
        </Group>
      ))}
      {others.map((rule) => (
        <Checkbox key={rule} label={t.rules[rule]} checked={false} onChange={() => onChange([...value, rule])} />
      ))}
    </Stack>
  );
}
