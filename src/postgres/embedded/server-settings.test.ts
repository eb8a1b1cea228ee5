import { expect, it } from 'vitest';
import { settingLine } from './server-settings.ts';

it('quotes a value as postgresql.conf reads it', () => {
  expect(settingLine(['log_directory', "it's a \\ path"])).toBe("log_directory = 'it''s a \\\\ path'\n");
});

it.each([
  ['fsync = off\nwork_mem', '1'],
  ['work_mem', "1'\nfsync = 'off"],
])('refuses what would smuggle in another setting: %j', (name, value) => {
  expect(() => settingLine([name, value])).toThrow();
});
