import { Command } from 'commander';
export function judgeCommand(): Command {
  return new Command('judge');
}
