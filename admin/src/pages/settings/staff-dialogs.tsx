import { Checkbox, PasswordInput, Select, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';

import { client } from '../../api/client';
import { isAllowed, useSession, type Permission, type User } from '../../api/session';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { ConfirmDialog, FormDialog } from '../../ui/dialog';
import { pick, useCheckedWrite } from './checked-write';
import { Changes, textOrNull } from './parts';
import classes from './settings.module.css';

const t = texts.settings;

const PERMISSIONS = Object.keys(t.permissionTexts) as Permission[];

interface Values extends Record<string, unknown> {
  email: string;
  full_name: string;
  password: string;
  role: User['role'];
  permissions: Permission[];
}

const passwordOf = (password: string) => (password === '' ? {} : { password });
const permissionsOf = ({ role, permissions }: Values) => (role === 'staff' ? permissions : []);

export function NewUser({ onClose }: { onClose: () => void }) {
  const form = useForm<Values>({ initialValues: { email: '', full_name: '', password: '', role: 'staff', permissions: [] } });
  const write = useWrite('post', '/users', { done: t.userAdded, invalidates: ['/users'] });
  return (
    <FormDialog
      title={t.addUser}
      size="lg"
      form={form}
      write={write}
      submit={t.addUser}
      request={(values) => ({
        body: {
          email: values.email.trim(),
          full_name: textOrNull(values.full_name),
          password: values.password,
          role: values.role,
          permissions: permissionsOf(values),
        },
      })}
      onClose={onClose}
    >
      <UserFields form={form} passwordHint={t.passwordHint} />
    </FormDialog>
  );
}

const SHOWN = ['email', 'full_name', 'role', 'permissions', 'active'] as const;

/** The account as it is now. There is no read of one account, so it is searched by its address. */
async function readUser(user: User): Promise<User> {
  const { data } = await client.GET('/users', { params: { query: { q: user.email, limit: 100 } } });
  return data?.items.find(({ id }) => id === user.id) ?? ({ ...user, email: '' } as User);
}

export function EditUser({ user, onClose }: { user: User; onClose: () => void }) {
  const session = useSession();
  const form = useForm<Values>({
    initialValues: { email: user.email, full_name: user.full_name ?? '', password: '', role: user.role, permissions: user.permissions },
  });
  const plain = useWrite('patch', '/users/{id}', {
    done: texts.common.saved,
    invalidates: ['/users'],
    onDone: () => user.id === session.user.id && void session.refresh(),
  });
  const write = useCheckedWrite(plain, pick(user, SHOWN) as Partial<User>, () => readUser(user));
  return (
    <FormDialog
      title={t.editOf(user.email)}
      size="lg"
      form={form}
      write={write}
      submit={texts.common.save}
      request={(values) => ({
        params: { path: { id: user.id } },
        body: {
          ...passwordOf(values.password),
          ...changedOnly(user, {
            email: values.email.trim(),
            full_name: textOrNull(values.full_name),
            role: values.role,
            permissions: permissionsOf(values),
          }),
        },
      })}
      onClose={onClose}
    >
      <UserFields form={form} passwordHint={t.newPasswordHint} />
      <Changes changes={write.changes} />
    </FormDialog>
  );
}

/** What differs from the account. A role or permissions that are written end its sessions, even if they stay the same. */
function changedOnly<T extends Partial<User>>(user: User, values: T): Partial<T> {
  const names = Object.keys(values) as (keyof T & keyof User)[];
  const isChanged = (name: keyof T & keyof User) => JSON.stringify(values[name]) !== JSON.stringify(user[name]);
  return pick(values, names.filter(isChanged)) as Partial<T>;
}

function UserFields({ form, passwordHint }: { form: ReturnType<typeof useForm<Values>>; passwordHint: string }) {
  const { user: me } = useSession();
  const roles = Object.entries(texts.roles).map(([value, label]) => ({ value, label, disabled: value === 'admin' && me.role !== 'admin' }));
  return (
    <>
      <TextInput label={t.email} type="email" autoComplete="off" data-autofocus {...form.getInputProps('email')} />
      <TextInput label={t.fullName} autoComplete="off" {...form.getInputProps('full_name')} />
      <PasswordInput label={t.password} description={passwordHint} autoComplete="new-password" {...form.getInputProps('password')} />
      <Select label={t.role} data={roles} allowDeselect={false} {...form.getInputProps('role')} />
      {form.values.role === 'staff' && (
        <Checkbox.Group label={t.permissions} description={t.permissionsHint} {...form.getInputProps('permissions')}>
          <div className={classes.checks}>
            {PERMISSIONS.map((permission) => (
              <Checkbox
                key={permission}
                value={permission}
                label={t.permissionTexts[permission]}
                // Nobody grants what they lack.
                disabled={!isAllowed(me, permission)}
              />
            ))}
          </div>
        </Checkbox.Group>
      )}
    </>
  );
}

export function ActiveDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const write = useWrite('patch', '/users/{id}', { done: user.active ? t.userDisabled : t.userEnabled, invalidates: ['/users'] });
  return (
    <ConfirmDialog
      title={t.switchOf(user.active, user.email)}
      write={write}
      request={{ params: { path: { id: user.id } }, body: { active: !user.active } }}
      confirm={user.active ? t.disable : t.enable}
      isDangerous={user.active}
      onClose={onClose}
    >
      {user.active ? t.disableText(user.email) : t.enableText(user.email)}
    </ConfirmDialog>
  );
}
