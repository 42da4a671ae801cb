import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

export const USER_ROLES = ['sales', 'finance', 'manager'] as const;
export type UserRole = (typeof USER_ROLES)[number];

@Entity('users')
export class User {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ unique: true })
  email!: string;

  @Column()
  name!: string;

  @Column({ type: 'varchar' })
  role!: UserRole;

  @Column({ default: true })
  active!: boolean;
}
